package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/stratum/solo"
)

// houseRecord is what the house has settled on in this directory: leases are
// made under these terms, and the books are in this coin.
type houseRecord struct {
	Coin    string `json:"coin"`
	Network string `json:"network"`
	Terms   string `json:"terms"` // hash of the newest version

	// Configured is the hash of what the configuration stood for when the
	// newest version was made. While it stands for that still, a version that
	// was added since stays the newest.
	Configured string `json:"configured,omitempty"`
}

// readHouse returns the record; ok is false when there is none yet.
func (p *provider) readHouse() (r houseRecord, ok bool, err error) {
	name := filepath.Join(p.dir, houseFile)
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return r, false, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &r)
	}
	if err == nil && (r.Coin == "" || r.Network == "" || r.Terms == "") {
		err = errors.New("coin, network or terms are not in it")
	}
	if err != nil {
		return r, false, withHint(fmt.Errorf("%s is damaged: %w", name, err),
			"move it away: the next start writes it anew, for the coin that is configured then")
	}
	return r, true, nil
}

// writeHouse makes the record durable.
func (p *provider) writeHouse(r houseRecord) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(p.dir, houseFile), append(b, '\n'), 0o600)
}

// settleHouse makes the configuration's terms the newest ones, if they changed
// or there were none, and check does not refuse them, and returns the hash of
// the newest. A directory stays with its coin for ever.
func (p *provider) settleHouse(ctx context.Context, cfg *config, coin, network string, check termsCheck, nowMs int64) (lease.TermsHash, error) {
	old, ok, err := p.readHouse()
	if err != nil {
		return lease.TermsHash{}, err
	}
	if ok && (old.Coin != coin || old.Network != network) {
		return lease.TermsHash{}, withHint(usage("the books in %s are in %s, not %s", p.dir, coinName(old.Coin, old.Network), coinName(coin, network)),
			"give the other coin a directory of its own with --data")
	}
	forms, known := solo.FormsOf(coin, network)
	if !known {
		return lease.TermsHash{}, fmt.Errorf("coin %s has no known addresses", coinName(coin, network))
	}
	address := cfg.Coin.Payout
	if cfg.sandbox() {
		address = "script:" + keyScript(p.public())
	}
	script, err := forms.Script(address)
	if err != nil {
		return lease.TermsHash{}, usage("coin.payout_address: %w", err)
	}
	terms, err := cfg.Terms.terms(coinName(coin, network), script)
	if err != nil {
		return lease.TermsHash{}, usage("[terms]: %w", err)
	}
	hash, err := terms.Hash()
	if err != nil {
		return hash, fmt.Errorf("terms: %w", err)
	}
	if ok && old.Configured == hash.String() {
		return lease.ParseTermsHash(old.Terms)
	}
	if err := check(ctx, &terms); err != nil {
		return hash, err
	}
	if err := p.putTerms(ctx, terms, old.Terms, nowMs); err != nil {
		return hash, err
	}
	return hash, p.writeHouse(houseRecord{Coin: coin, Network: network, Terms: hash.String(), Configured: hash.String()})
}

// putTerms stores a version of the terms and the event that it replaces
// another for new leases. What a crash interrupts is done when it is called
// again, as it is before the house settles on the version.
func (p *provider) putTerms(ctx context.Context, t lease.Terms, replaces string, nowMs int64) error {
	hash, err := p.store.PutTerms(ctx, t)
	if err != nil {
		return fmt.Errorf("terms: %w", err)
	}
	body := lease.TermsAdded{Hash: hash.String(), Replaces: replaces}
	if replaces == body.Hash {
		body.Replaces = ""
	}
	var last lease.Event
	for e, err := range p.store.Events(ctx, lease.EventFilter{Kinds: []lease.EventKind{lease.EventTerms}}) {
		if err != nil {
			return err
		}
		last = e
	}
	if last.Seq != 0 {
		var was lease.TermsAdded
		if err := json.Unmarshal(last.Body, &was); err != nil {
			return fmt.Errorf("event %d, %s: %w", last.Seq, last.Kind, err)
		}
		if was.Hash == body.Hash {
			return nil
		}
	}
	// One event follows each other, whoever is quicker.
	e, err := lease.NewEvent(lease.EventTerms, nowMs, fmt.Sprintf("terms:%s:%d", body.Hash, last.Seq), body)
	if err != nil {
		return err
	}
	return p.store.PutEvents(ctx, e)
}
