package lease

// PayoutState is where a payout stands.
type PayoutState string

// The life of a payout: prepared → sent → confirmed; or failed, from either.
// Prepared already holds the signed transaction: nothing is ever sent that is
// not durable, and whatever is sent again is the same transaction.
const (
	PayoutPrepared  PayoutState = "prepared"
	PayoutSent      PayoutState = "sent"
	PayoutConfirmed PayoutState = "confirmed"
	PayoutFailed    PayoutState = "failed" // it can never confirm: an input is spent otherwise
)

// Payout is one transaction of the wallet that pays tenants.
type Payout struct {
	ID        int64 // given by the Store
	State     PayoutState
	CreatedMs int64 // Unix milliseconds
	Items     []PayoutItem
	Txid      string // hexadecimal, as nodes show it
	Raw       []byte // the signed transaction
	FeeSat    int64
	Inputs    []Outpoint // what it spends
	Height    int64      // of the block it is in; 0 while in none
	Reason    string     // why it failed
	Replaces  int64      // ID of the payout it is sent instead of, or 0
}

// PayoutItem is what one tenant gets of a payout.
type PayoutItem struct {
	Tenant  string `json:"tenant"`
	Address string `json:"address"`
	Sat     int64  `json:"sat"`
}

// Outpoint names an output of a transaction.
type Outpoint struct {
	Txid string `json:"txid"`
	Vout uint32 `json:"vout"`
}

// Sat is what the payout pays to tenants, in satoshi.
func (p *Payout) Sat() int64 {
	var sum int64
	for i := range p.Items {
		sum += p.Items[i].Sat
	}
	return sum
}
