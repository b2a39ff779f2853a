package dispatch

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashlease/hashlease/lease/receipt"
	"github.com/hashlease/hashlease/stratum/solo"
)

// payees are the scripts that tenants want to be paid to, by lease. Under
// j.mu. A tenant without an address, or with one that this coin does not know,
// is not among them: its part is carried for it.
func (d *Dispatcher) payees(ctx context.Context, nowMs int64) (map[string][]byte, error) {
	tenants, err := d.Store.Tenants(ctx)
	if err != nil {
		return nil, fmt.Errorf("tenants: %w", err)
	}
	j := &d.jobs
	scripts := make(map[string][]byte, len(tenants))
	for i := range tenants {
		address := tenants[i].PayTo(nowMs)
		if address == "" {
			continue
		}
		script, ok := j.scripts[address]
		if !ok {
			script, err = d.Node.AddressScript(address)
			if err == nil && (len(script) > receipt.MaxDirectScript || sigops(script) > 1) {
				err = fmt.Errorf("%w: its script, %d bytes with %d signatures to check, is too much for a coinbase", solo.ErrAddress, len(script), sigops(script))
			}
			if err != nil {
				d.Log.Warn("a payout address cannot be paid directly, what it is due is kept for the tenant", "tenant", tenants[i].ID, "address", address, "err", err)
				script = nil
			}
			if j.scripts == nil {
				j.scripts = make(map[string][]byte)
			}
			if err == nil || errors.Is(err, solo.ErrAddress) {
				j.scripts[address] = script
			}
		}
		scripts[tenants[i].ID] = script
	}
	payees := make(map[string][]byte, len(j.leases))
	for i := range j.leases {
		if script := scripts[j.leases[i].Tenant]; script != nil {
			payees[j.leases[i].ID] = script
		}
	}
	return payees, nil
}

// sigops counts the signatures that a block's rules charge for a script that
// it pays: those of no address have more than one. Nodes leave room for a
// hundred in the coinbase, and a block with more than the network's limit is
// none.
func sigops(script []byte) (n int) {
	const (
		pushData1, pushData4      = 0x4c, 0x4e
		checkSig, checkSigVerify  = 0xac, 0xad
		checkMulti, checkMultiVer = 0xae, 0xaf
	)
	for i := 0; i < len(script); i++ {
		switch op := script[i]; {
		case op < pushData1:
			i += int(op)
		case op <= pushData4:
			size := 0
			bytes := 1 << (op - pushData1)
			for k := min(bytes, len(script)-1-i); k > 0; k-- {
				size = size<<8 | int(script[i+k])
			}
			i += bytes + size
		case op == checkSig || op == checkSigVerify:
			n++
		case op == checkMulti || op == checkMultiVer:
			n += 20
		}
	}
	return n
}
