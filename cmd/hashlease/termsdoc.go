package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/hashlease/hashlease/lease"
)

// termsVersion is one version of the terms.
type termsVersion struct {
	Hash    string `json:"hash"`
	Newest  bool   `json:"newest"`   // new leases are made under it
	AddedMs int64  `json:"added_ms"` // 0: not known
	Leases  int    `json:"leases"`   // made under it
	Coin    string `json:"coin"`
	Scheme  string `json:"scheme"`
	FeePPM  int64  `json:"fee_ppm"`
	Priced  bool   `json:"priced"`
	SLA     bool   `json:"sla"`
}

// termsVersions lists all versions that are known, in the order in which they
// were added: by their events, by the leases under them and as the newest.
func (p *provider) termsVersions(ctx context.Context) ([]termsVersion, error) {
	var all []termsVersion
	at := make(map[string]int)
	find := func(hash string) *termsVersion {
		i, ok := at[hash]
		if !ok {
			i = len(all)
			at[hash] = i
			all = append(all, termsVersion{Hash: hash})
		}
		return &all[i]
	}
	leases, err := p.store.Leases(ctx)
	if err != nil {
		return nil, err
	}
	house, _, err := p.readHouse()
	if err != nil {
		return nil, err
	}
	events := make(map[string]int64)
	var order []string
	for e, err := range p.store.Events(ctx, lease.EventFilter{Kinds: []lease.EventKind{lease.EventTerms}}) {
		if err != nil {
			return nil, err
		}
		var body lease.TermsAdded
		if err := json.Unmarshal(e.Body, &body); err != nil {
			return nil, fmt.Errorf("event %d, %s: %w", e.Seq, e.Kind, err)
		}
		if _, known := events[body.Hash]; !known {
			events[body.Hash] = e.AtMs
			order = append(order, body.Hash)
		}
	}
	for i := range leases { // those of before there were events first
		if _, ok := events[leases[i].Terms.String()]; !ok {
			find(leases[i].Terms.String())
		}
	}
	for _, hash := range order {
		find(hash).AddedMs = events[hash]
	}
	for i := range leases {
		find(leases[i].Terms.String()).Leases++
	}
	if house.Terms != "" {
		find(house.Terms).Newest = true
	}
	for i := range all {
		t, err := p.termsOf(ctx, all[i].Hash)
		if err != nil {
			return nil, err
		}
		v := &all[i]
		v.Coin, v.Scheme, v.FeePPM, v.Priced, v.SLA = t.Coin, t.Scheme, t.FeePPM, t.Prices != nil, t.SLA != nil
	}
	return all, nil
}

func (p *provider) termsOf(ctx context.Context, hash string) (lease.Terms, error) {
	h, err := lease.ParseTermsHash(hash)
	if err != nil {
		return lease.Terms{}, err
	}
	return p.store.Terms(ctx, h)
}

// minPrefix is how many digits of a hash name a version at least.
const minPrefix = 4

// findTerms returns the version that the beginning of its hash names.
func (p *provider) findTerms(ctx context.Context, prefix string) (lease.TermsHash, error) {
	none := lease.TermsHash{}
	if len(prefix) < minPrefix || len(prefix) > 2*len(none) || strings.Trim(prefix, "0123456789abcdef") != "" {
		return none, withHint(usage("terms %.70q: want %d to %d hexadecimal digits of a version's hash", prefix, minPrefix, 2*len(none)),
			"%q lists the versions", "hashlease terms list")
	}
	all, err := p.termsVersions(ctx)
	if err != nil {
		return none, err
	}
	var found []string
	for i := range all {
		if strings.HasPrefix(all[i].Hash, prefix) {
			found = append(found, all[i].Hash)
		}
	}
	switch len(found) {
	case 0:
		return none, withHint(usage("no version of the terms begins with %s", prefix), "%q lists the versions", "hashlease terms list")
	case 1:
		return lease.ParseTermsHash(found[0])
	}
	return none, withHint(usage("%d versions of the terms begin with %s", len(found), prefix), "give more digits: %s", strings.Join(found, ", "))
}

// flatten lists the values of a JSON document by their place in it, such as
// sla.tiers.2.credit_ppm.
func flatten(doc any) (map[string]string, error) {
	text, err := lease.Canonical(doc)
	if err != nil {
		return nil, err
	}
	var tree any
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	if err := d.Decode(&tree); err != nil {
		return nil, err
	}
	flat := make(map[string]string)
	flattenInto(flat, "", tree)
	return flat, nil
}

func flattenInto(flat map[string]string, at string, v any) {
	under := func(name string) string {
		if at == "" {
			return name
		}
		return at + "." + name
	}
	switch v := v.(type) {
	case map[string]any:
		for name, x := range v {
			flattenInto(flat, under(name), x)
		}
	case []any:
		for i, x := range v {
			flattenInto(flat, under(strconv.Itoa(i+1)), x)
		}
	default:
		flat[at] = fmt.Sprint(v)
	}
}

// termsChange is a value in which two versions differ; null is none.
type termsChange struct {
	Key  string  `json:"key"`
	From *string `json:"from"`
	To   *string `json:"to"`
}

// diffTerms lists what differs, by key.
func diffTerms(a, b *lease.Terms) ([]termsChange, error) {
	from, err := flatten(a)
	if err != nil {
		return nil, err
	}
	to, err := flatten(b)
	if err != nil {
		return nil, err
	}
	keys := make(map[string]bool)
	for k := range from {
		keys[k] = true
	}
	for k := range to {
		keys[k] = true
	}
	changes := []termsChange{}
	for _, k := range slices.Sorted(maps.Keys(keys)) {
		x, inA := from[k]
		y, inB := to[k]
		if inA && inB && x == y {
			continue
		}
		c := termsChange{Key: k}
		if inA {
			c.From = &x
		}
		if inB {
			c.To = &y
		}
		changes = append(changes, c)
	}
	return changes, nil
}
