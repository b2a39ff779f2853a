package lease

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// OrderAction is what a tenant orders.
type OrderAction string

// What can be ordered: of a lease to start, to stop and to mine for another
// pool; of the tenant itself, where to be paid.
const (
	OrderStart   OrderAction = "start"
	OrderStop    OrderAction = "stop"
	OrderPool    OrderAction = "pool"
	OrderAddress OrderAction = "address"
)

// Order is what a tenant wants done, in writing. ORDER.md has the format.
type Order struct {
	Format   string      `json:"format"`           // OrderFormat
	Provider string      `json:"provider"`         // the provider's public key, in hexadecimal
	Tenant   string      `json:"tenant,omitempty"` // ID; of an order about the tenant itself
	Lease    string      `json:"lease,omitempty"`  // ID; of an order about a lease
	Key      string      `json:"key"`              // KeyFingerprint of the tenant's key
	Action   OrderAction `json:"action"`
	Pool     *OrderedTo  `json:"pool,omitempty"`    // of OrderPool
	Address  string      `json:"address,omitempty"` // of OrderAddress
	Number   int64       `json:"number"`            // above that of every order carried out before
	MadeMs   int64       `json:"made_ms"`           // Unix milliseconds
}

// OrderedTo is the pool of an order. The password is not in it, for orders are
// kept as evidence: only a commitment to it, empty when the password is "x".
type OrderedTo struct {
	URLs         []string `json:"urls"`
	User         string   `json:"user"`
	PasswordHash string   `json:"password_hash,omitempty"` // of OrderSecret.Hash, in hexadecimal
}

// OrderSecret is what travels beside an order, and is not kept with it.
type OrderSecret struct {
	Password string `json:"password"`
	Salt     string `json:"salt"` // 16 random bytes, in hexadecimal
}

// SignedOrder is an order as it travels.
type SignedOrder struct {
	Order     Order        `json:"order"`
	Signature string       `json:"signature"` // Ed25519, of the tenant's key, in hexadecimal
	Secret    *OrderSecret `json:"secret,omitempty"`
}

// OrderFormat is the version of the document.
const OrderFormat = "hashlease-order/1"

// orderDomain begins what is signed, so that no signature for anything else is
// one of an order.
const orderDomain = "hashlease order v1\x00"

// Bounds of orders.
const (
	MaxOrder        = 16 * 1024           // bytes of the document
	MaxOrderAddress = 256                 // bytes
	OrderLifeMs     = 24 * 60 * 60 * 1000 // from MadeMs on an order can be carried out
	OrderAheadMs    = 10 * 60 * 1000      // how far the tenant's clock may be ahead
	orderSaltSize   = 16
	defaultPassword = "x" // where it does not matter
)

// Errors of orders, to be tested with errors.Is.
var (
	ErrOrder        = errors.New("order is not valid")
	ErrOrderExpired = errors.New("order has expired")
	ErrOrderUsed    = errors.New("order was carried out already, or a later one was")
)

// KeyFingerprint names a tenant's key: SHA-256 of it, in hexadecimal.
func KeyFingerprint(key ed25519.PublicKey) string {
	sum := sha256.Sum256(key)
	return hex.EncodeToString(sum[:])
}

// Hash commits to the password. Without the salt nobody can try passwords on
// it.
func (s *OrderSecret) Hash() string {
	h := sha256.New()
	for _, field := range []string{"hashlease order password v1", s.Salt, s.Password} {
		var size [4]byte
		binary.BigEndian.PutUint32(size[:], uint32(len(field)))
		h.Write(size[:])
		h.Write([]byte(field))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// SignOrder signs an order with the tenant's key, whose fingerprint it fills
// in. password is that at the pool, where the order names one, and salt 16
// random bytes.
func SignOrder(o Order, password string, salt [orderSaltSize]byte, key ed25519.PrivateKey) (SignedOrder, error) {
	o.Format, o.Key = OrderFormat, KeyFingerprint(key.Public().(ed25519.PublicKey))
	s := SignedOrder{Order: o}
	if o.Pool != nil {
		to := *o.Pool
		to.URLs, to.PasswordHash = slices.Clone(to.URLs), ""
		if password != defaultPassword {
			s.Secret = &OrderSecret{Password: password, Salt: hex.EncodeToString(salt[:])}
			to.PasswordHash = s.Secret.Hash()
		}
		s.Order.Pool = &to
	}
	text, err := s.Order.signedText()
	if err != nil {
		return SignedOrder{}, err
	}
	s.Signature = hex.EncodeToString(ed25519.Sign(key, text))
	return s, s.validate()
}

// signedText is what the signature is of.
func (o *Order) signedText() ([]byte, error) {
	b, err := Canonical(o)
	return append([]byte(orderDomain), b...), err
}

// ParseOrder reads an order: one JSON object with nothing in it that it does
// not know, of at most MaxOrder bytes. Who signed it is Verify's question.
func ParseOrder(text []byte) (SignedOrder, error) {
	var s SignedOrder
	if len(text) > MaxOrder {
		return s, fmt.Errorf("%w: %d bytes, want at most %d", ErrOrder, len(text), MaxOrder)
	}
	given, err := Canonicalize(text)
	if err != nil {
		return s, fmt.Errorf("%w: %w", ErrOrder, err)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return s, fmt.Errorf("%w: %w", ErrOrder, err)
	}
	// Fields that are null, empty or in other letters would be lost.
	if back, err := Canonical(&s); err != nil || !bytes.Equal(back, given) {
		return s, fmt.Errorf("%w: it is not written as ORDER.md says: fields in lower case, and none that are empty", ErrOrder)
	}
	return s, s.validate()
}

// validate checks everything but signature, time and number.
func (s *SignedOrder) validate() error {
	if err := s.Order.validate(); err != nil {
		return fmt.Errorf("%w: %w", ErrOrder, err)
	}
	if b, err := hex.DecodeString(s.Signature); err != nil || len(b) != ed25519.SignatureSize {
		return fmt.Errorf("%w: want a signature of %d hexadecimal digits", ErrOrder, 2*ed25519.SignatureSize)
	}
	committed := ""
	if s.Order.Pool != nil {
		committed = s.Order.Pool.PasswordHash
	}
	switch {
	case s.Secret == nil && committed != "":
		return fmt.Errorf("%w: the password that it commits to is missing", ErrOrder)
	case s.Secret == nil:
		return nil
	case len(s.Secret.Password) > MaxPoolPassword || len(s.Secret.Salt) != 2*orderSaltSize:
		return fmt.Errorf("%w: want a password of at most %d bytes and a salt of %d hexadecimal digits", ErrOrder, MaxPoolPassword, 2*orderSaltSize)
	case subtle.ConstantTimeCompare([]byte(s.Secret.Hash()), []byte(committed)) != 1:
		return fmt.Errorf("%w: the password is not the one that was signed", ErrOrder)
	}
	return nil
}

func (o *Order) validate() error {
	switch {
	case o.Format != OrderFormat:
		return fmt.Errorf("format %.40q: want %s", o.Format, OrderFormat)
	case o.Number < 1 || o.Number > maxExact:
		return fmt.Errorf("number %d: want 1 to %d", o.Number, int64(maxExact))
	case o.MadeMs < 1 || o.MadeMs > maxExact:
		return fmt.Errorf("made at %d ms: want a moment after 1970", o.MadeMs)
	case (o.Lease == "") == (o.Tenant == ""):
		return errors.New("want either a lease or a tenant that it is about")
	case len(o.Lease) > 40 || len(o.Tenant) > 40:
		return errors.New("nothing has so long a name")
	case (o.Action == OrderAddress) != (o.Tenant != ""):
		return fmt.Errorf("action %.20q: want %s, %s or %s of a lease, or %s of a tenant", o.Action, OrderStart, OrderStop, OrderPool, OrderAddress)
	}
	switch o.Action {
	case OrderStart, OrderStop:
	case OrderPool:
		if o.Pool == nil {
			return errors.New("the pool is missing")
		}
		p := Pool{URLs: o.Pool.URLs, User: o.Pool.User}
		if err := p.Validate(); err != nil {
			return err
		}
	case OrderAddress:
		if o.Address == "" || len(o.Address) > MaxOrderAddress || !printableASCII(o.Address, ` "'\`) {
			return fmt.Errorf("address %.80q: want 1 to %d printable characters", o.Address, MaxOrderAddress)
		}
	default:
		return fmt.Errorf("action %.20q: want %s, %s, %s or %s", o.Action, OrderStart, OrderStop, OrderPool, OrderAddress)
	}
	if o.Pool != nil && o.Action != OrderPool || o.Address != "" && o.Action != OrderAddress {
		return fmt.Errorf("action %s with what belongs to another", o.Action)
	}
	return nil
}
