package lease

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

const orderMs = 1_800_000_000_000

// orderKeys are fixed keys of a provider and of a tenant.
func orderKeys() (provider ed25519.PublicKey, tenant ed25519.PrivateKey) {
	seed := make([]byte, ed25519.SeedSize)
	tenant = ed25519.NewKeyFromSeed(seed)
	seed[0] = 1
	return ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey), tenant
}

func sampleOrder(action OrderAction) Order {
	provider, _ := orderKeys()
	o := Order{Provider: hex.EncodeToString(provider), Lease: "L-0001", Action: action, Number: 7, MadeMs: orderMs}
	switch action {
	case OrderPool:
		o.Pool = &OrderedTo{URLs: []string{"stratum+tcp://b.example.com:1"}, User: "u"}
	case OrderAddress:
		o.Lease, o.Tenant, o.Address = "", "alice", "script:51"
	}
	return o
}

func signed(t *testing.T, o Order, password string) SignedOrder {
	t.Helper()
	_, key := orderKeys()
	s, err := SignOrder(o, password, [16]byte{9}, key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func publicOf(key ed25519.PrivateKey) ed25519.PublicKey { return key.Public().(ed25519.PublicKey) }

// The document is what other programs write: these are its bytes.
func TestOrderDocument(t *testing.T) {
	s := signed(t, sampleOrder(OrderPool), "secret")
	b, err := Canonical(&s)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"action":"pool"`, `"format":"hashlease-order/1"`, `"lease":"L-0001"`, `"made_ms":1800000000000`, `"number":7`,
		// SHA-256 of the public key of RFC 8032's seed of zeros, by another program.
		`"key":"139e3940e64b5491722088d9a0d741628fc826e09475d341a780acde3c4b8070"`,
		`"secret":{"password":"secret","salt":"09000000000000000000000000000000"}`,
	} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%s\nis without %s", b, want)
		}
	}
	back, err := ParseOrder(b)
	if err != nil {
		t.Fatal(err)
	}
	provider, key := orderKeys()
	if err := back.Verify(provider, publicOf(key), orderMs); err != nil {
		t.Error(err)
	}
	if kept, err := back.Evidence(); err != nil || strings.Contains(kept, `secret"`) {
		t.Errorf("kept as %s, %v", kept, err)
	}
}

func TestOrderVerify(t *testing.T) {
	provider, key := orderKeys()
	tenant := publicOf(key)
	s := signed(t, sampleOrder(OrderStop), "")
	for name, c := range map[string]struct {
		change           func(*SignedOrder)
		provider, tenant ed25519.PublicKey
		atMs             int64
		want             error
	}{
		"good":            {nil, provider, tenant, orderMs, nil},
		"last moment":     {nil, provider, tenant, orderMs + OrderLifeMs - 1, nil},
		"expired":         {nil, provider, tenant, orderMs + OrderLifeMs, ErrOrderExpired},
		"clock ahead":     {nil, provider, tenant, orderMs - OrderAheadMs, nil},
		"from the future": {nil, provider, tenant, orderMs - OrderAheadMs - 1, ErrOrder},
		"other provider":  {nil, tenant, tenant, orderMs, ErrOrder},
		"other tenant":    {nil, provider, provider, orderMs, ErrOrder},
		"no key":          {nil, provider, nil, orderMs, ErrOrder},
		"changed action":  {func(s *SignedOrder) { s.Order.Action = OrderStart }, provider, tenant, orderMs, ErrOrder},
		"changed lease":   {func(s *SignedOrder) { s.Order.Lease = "L-0002" }, provider, tenant, orderMs, ErrOrder},
		"changed number":  {func(s *SignedOrder) { s.Order.Number++ }, provider, tenant, orderMs, ErrOrder},
		"changed time":    {func(s *SignedOrder) { s.Order.MadeMs++ }, provider, tenant, orderMs, ErrOrder},
		"no signature":    {func(s *SignedOrder) { s.Signature = "" }, provider, tenant, orderMs, ErrOrder},
		"added secret":    {func(s *SignedOrder) { s.Secret = &OrderSecret{Password: "p"} }, provider, tenant, orderMs, ErrOrder},
	} {
		x := s
		if c.change != nil {
			c.change(&x)
		}
		if err := x.Verify(c.provider, c.tenant, c.atMs); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	pool := signed(t, sampleOrder(OrderPool), "secret")
	pool.Secret = &OrderSecret{Password: "other", Salt: pool.Secret.Salt}
	if err := pool.Verify(provider, tenant, orderMs); !errors.Is(err, ErrOrder) {
		t.Errorf("another password: %v", err)
	}
	pool.Secret = nil
	if err := pool.Verify(provider, tenant, orderMs); !errors.Is(err, ErrOrder) {
		t.Errorf("no password: %v", err)
	}
}

// What is signed is an order and nothing else.
func TestOrderDomain(t *testing.T) {
	provider, key := orderKeys()
	s := signed(t, sampleOrder(OrderStop), "")
	bare, err := Canonical(&s.Order)
	if err != nil {
		t.Fatal(err)
	}
	s.Signature = hex.EncodeToString(ed25519.Sign(key, bare))
	if err := s.Verify(provider, publicOf(key), orderMs); !errors.Is(err, ErrOrder) {
		t.Errorf("without the prefix: %v", err)
	}
}

func TestParseOrderErrors(t *testing.T) {
	good, err := Canonical(signed(t, sampleOrder(OrderStop), ""))
	if err != nil {
		t.Fatal(err)
	}
	text := string(good)
	if _, err := ParseOrder([]byte(" " + text + "\n")); err != nil {
		t.Error(err)
	}
	edit := func(from, to string) string { return strings.Replace(text, from, to, 1) }
	for name, bad := range map[string]string{
		"nothing":       "",
		"a list":        "[]",
		"two":           text + text,
		"large":         text + strings.Repeat(" ", MaxOrder),
		"unknown field": edit(`"number"`, `"also":1,"number"`),
		"field twice":   edit(`"number":7`, `"number":7,"number":8`),
		"upper case":    edit(`"number"`, `"Number"`),
		"null":          edit(`"number":7`, `"number":7,"pool":null`),
		"fraction":      edit(`"number":7`, `"number":7.5`),
		"no number":     edit(`"number":7`, `"number":0`),
		"no time":       edit(`"made_ms":1800000000000`, `"made_ms":0`),
		"format":        edit("order/1", "order/9"),
		"action":        edit(`"stop"`, `"burn"`),
		"address too":   edit(`"number"`, `"address":"a","number"`),
		"tenant too":    edit(`"number"`, `"tenant":"alice","number"`),
		"no pool":       edit(`"stop"`, `"pool"`),
		"no lease":      edit(`"lease":"L-0001",`, ``),
		"signature":     edit(`"signature":"`, `"signature":"zz`),
	} {
		if _, err := ParseOrder([]byte(bad)); !errors.Is(err, ErrOrder) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseOrder(f *testing.F) {
	_, key := orderKeys()
	for _, action := range []OrderAction{OrderStart, OrderStop, OrderPool, OrderAddress} {
		s, err := SignOrder(sampleOrder(action), "secret", [16]byte{1}, key)
		if err != nil {
			f.Fatal(err)
		}
		b, _ := json.Marshal(&s)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ParseOrder(text)
		if err != nil {
			if !errors.Is(err, ErrOrder) {
				t.Fatal(err)
			}
			return
		}
		b, err := Canonical(&s)
		if err != nil {
			t.Fatal(err)
		}
		again, err := ParseOrder(b)
		if err != nil {
			t.Fatal(err)
		}
		one, err1 := s.Evidence()
		two, err2 := again.Evidence()
		if one != two || err1 != nil || err2 != nil {
			t.Fatalf("%s and %s: %v, %v", one, two, err1, err2)
		}
	})
}
