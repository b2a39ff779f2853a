package lease

import (
	"crypto/ed25519"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
)

// Verify checks that the tenant who has the key signed the order, for this
// provider, and that it may still be carried out at a moment in Unix
// milliseconds. Whether one with its number was before is asked when it is
// carried out. Errors are ErrOrder and ErrOrderExpired.
func (s *SignedOrder) Verify(provider, tenant ed25519.PublicKey, atMs int64) error {
	if err := s.validate(); err != nil {
		return err
	}
	o := &s.Order
	if o.Provider != hex.EncodeToString(provider) {
		return fmt.Errorf("%w: it is for the provider with key %.64s, and this one's is %x", ErrOrder, o.Provider, provider)
	}
	if len(tenant) != ed25519.PublicKeySize || o.Key != KeyFingerprint(tenant) {
		return fmt.Errorf("%w: it was made with another key than the tenant's, whose fingerprint is %s", ErrOrder, KeyFingerprint(tenant))
	}
	text, err := o.signedText()
	if err != nil {
		return fmt.Errorf("%w: %w", ErrOrder, err)
	}
	signature, err := hex.DecodeString(s.Signature)
	if err != nil || !ed25519.Verify(tenant, text, signature) {
		return fmt.Errorf("%w: the signature is not the tenant's", ErrOrder)
	}
	switch {
	case o.MadeMs > atMs+OrderAheadMs:
		return fmt.Errorf("%w: it was made at %s, which is still to come: set the clocks right", ErrOrder, stamp(o.MadeMs))
	case o.MadeMs+OrderLifeMs <= atMs:
		return fmt.Errorf("%w: it was made at %s, and is good for 24 hours", ErrOrderExpired, stamp(o.MadeMs))
	}
	return nil
}

// Evidence is the order as it is kept: signed, without its secret.
func (s *SignedOrder) Evidence() (string, error) {
	kept := *s
	kept.Secret = nil
	b, err := Canonical(&kept)
	return string(b), err
}

// OwnOrders fails, saying why, unless the lease's tenant starts, stops and
// repoints it itself: one with processors of its own, or with a pool.
func (l *Lease) OwnOrders() error {
	if l.Model == VirtualHosted || l.Pool != nil {
		return nil
	}
	return fmt.Errorf("lease %s of model %s shares the house's blocks: its tenant cannot start, stop or repoint it by order", l.ID, l.Model)
}

// Apply carries out a verified order on its lease at a moment in Unix
// milliseconds, and returns the event that holds it as evidence. It fails with
// ErrOrderUsed where its number is not above the last one's, and with ErrClosed
// when the lease is over; ErrExists and ErrNotFound say that the lease was
// stopped already, or was not.
func (s *SignedOrder) Apply(l *Lease, atMs int64) ([]Event, error) {
	o := &s.Order
	evidence, err := s.Evidence()
	if err != nil {
		return nil, err
	}
	switch {
	case o.Lease != l.ID:
		return nil, fmt.Errorf("%w: it is about lease %.40q, not %s", ErrOrder, o.Lease, l.ID)
	case o.Number <= l.Orders:
		return nil, fmt.Errorf("%w: its number is %d, the last one's of lease %s is %d", ErrOrderUsed, o.Number, l.ID, l.Orders)
	}
	if err := errors.Join(l.mayChange(atMs), l.OwnOrders()); err != nil {
		return nil, err
	}
	var e Event
	switch o.Action {
	case OrderStop:
		if err := l.Pause(PauseTenant, atMs); err != nil {
			return nil, err
		}
		e, err = NewEvent(EventLeasePaused, atMs, "", LeasePaused{By: PauseTenant, Order: evidence})
	case OrderStart:
		if err := l.Resume(PauseTenant, atMs); err != nil {
			return nil, err
		}
		e, err = NewEvent(EventLeaseResumed, atMs, "", LeasePaused{By: PauseTenant, Order: evidence})
	case OrderPool:
		p := Pool{URLs: o.Pool.URLs, User: o.Pool.User, Password: defaultPassword}
		if s.Secret != nil {
			p.Password = s.Secret.Password
		}
		e, err = l.Repoint(p, atMs, evidence)
	default:
		err = fmt.Errorf("%w: %s is no order about a lease", ErrOrder, o.Action)
	}
	if err != nil {
		return nil, err
	}
	l.Orders = o.Number
	return []Event{e.Of(l)}, nil
}

// Repoint makes a lease that has a pool of its own mine for another one, from a
// moment in Unix milliseconds on, and returns the event. order is the tenant's
// signed one, or empty.
func (l *Lease) Repoint(p Pool, atMs int64, order string) (Event, error) {
	if err := l.mayChange(atMs); err != nil {
		return Event{}, err
	}
	if l.Pool == nil {
		return Event{}, fmt.Errorf("lease %s has no pool of its own: its work is for the house's blocks, which its terms share, for its whole term", l.ID)
	}
	if err := p.Validate(); err != nil {
		return Event{}, err
	}
	was := l.Pool
	p.URLs = slices.Clone(p.URLs)
	l.Pool = &p
	e, err := NewEvent(EventLeasePool, atMs, "", LeaseRepointed{
		FromURLs: was.URLs, FromUser: was.User, ToURLs: p.URLs, ToUser: p.User, Order: order,
	})
	return e.Of(l), err
}

// ApplyTenant carries out a verified order about its tenant at a moment in Unix
// milliseconds; the address counts delayMs later. It fails with ErrOrderUsed
// where its number is not above the last one's. Whether the address is one of
// the coin is asked before.
func (s *SignedOrder) ApplyTenant(t *Tenant, atMs, delayMs int64) ([]Event, error) {
	o := &s.Order
	evidence, err := s.Evidence()
	if err != nil {
		return nil, err
	}
	switch {
	case o.Tenant != t.ID || o.Action != OrderAddress:
		return nil, fmt.Errorf("%w: it is no order about tenant %s", ErrOrder, t.ID)
	case o.Number <= t.Orders:
		return nil, fmt.Errorf("%w: its number is %d, the last one's of tenant %s is %d", ErrOrderUsed, o.Number, t.ID, t.Orders)
	}
	e, err := t.Readdress(o.Address, atMs, delayMs, evidence)
	if err != nil {
		return nil, err
	}
	t.Orders = o.Number
	return []Event{e}, nil
}

// Readdress is ChangeAddress with the event that tells of it. order is the
// tenant's signed one, or empty. ErrExists when that address counts already, or
// is about to.
func (t *Tenant) Readdress(address string, atMs, delayMs int64, order string) (Event, error) {
	was := t.PayTo(atMs)
	wanted := was
	if t.Next != "" {
		wanted = t.Next // already, or from NextMs on
	}
	if address == wanted {
		return Event{}, fmt.Errorf("payout address %s of tenant %s: %w", address, t.ID, ErrExists)
	}
	t.ChangeAddress(address, atMs, delayMs)
	from := atMs
	if t.Next != "" {
		from = t.NextMs
	}
	e, err := NewEvent(EventAddress, atMs, "", AddressChanged{From: was, To: address, FromMs: from, Order: order})
	e.Tenant = t.ID
	return e, err
}
