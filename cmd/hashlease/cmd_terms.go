package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/hashlease/hashlease/lease"
)

func runTermsList(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "terms list", "[--json]",
		"Lists the versions of the terms. New leases are made under the newest; a lease\n"+
			"keeps the version it was made under.")
	if _, err := f.parse(args, 0, 0); err != nil {
		return err
	}
	p, cfg, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	if _, err := p.newestTerms(ctx, e, &cfg); err != nil {
		return err
	}
	all, err := p.termsVersions(ctx)
	if err != nil {
		return err
	}
	if *f.json {
		return writeJSON(e.stdout, append([]termsVersion{}, all...))
	}
	rows := [][]string{{"TERMS", "ADDED", "LEASES", "SCHEME", "FEE %", "PRICES", "SLA", ""}}
	yes := func(v bool) string {
		if v {
			return "yes"
		}
		return "-"
	}
	for _, v := range all {
		newest := ""
		if v.Newest {
			newest = "newest"
		}
		rows = append(rows, []string{v.Hash[:12], formatMs(v.AddedMs), strconv.Itoa(v.Leases), v.Scheme, formatPPM(v.FeePPM),
			yes(v.Priced), yes(v.SLA), newest})
	}
	_, err = fmt.Fprint(e.stdout, table(rows, "LEASES", "FEE %"))
	return err
}

func runTermsShow(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "terms show", "[HASH] [--json]",
		"Shows a version of the terms, the newest unless the beginning of a hash is given.\n"+
			"--json prints the document that the hash is of, which \"terms add\" reads.")
	pos, err := f.parse(args, 0, 1)
	if err != nil {
		return err
	}
	p, cfg, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	var hash lease.TermsHash
	if len(pos) > 0 {
		hash, err = p.findTerms(ctx, pos[0])
	} else {
		hash, err = p.newestTerms(ctx, e, &cfg)
	}
	if err != nil {
		return err
	}
	t, err := p.store.Terms(ctx, hash)
	if err != nil {
		return err
	}
	if *f.json {
		return writeJSON(e.stdout, &t)
	}
	flat, err := flatten(&t)
	if err != nil {
		return err
	}
	rows := [][]string{{"terms", hash.String()}}
	for _, k := range slices.Sorted(maps.Keys(flat)) {
		rows = append(rows, []string{k, flat[k]})
	}
	_, err = fmt.Fprint(e.stdout, table(rows))
	return err
}

func runTermsDiff(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "terms diff", "HASH HASH [--json]", "Shows in what two versions of the terms differ.")
	pos, err := f.parse(args, 2, 2)
	if err != nil {
		return err
	}
	p, _, err := f.open(ctx, false)
	if err != nil {
		return err
	}
	defer p.close()
	var both [2]lease.Terms
	for i := range both {
		hash, err := p.findTerms(ctx, pos[i])
		if err != nil {
			return err
		}
		if both[i], err = p.store.Terms(ctx, hash); err != nil {
			return err
		}
	}
	changes, err := diffTerms(&both[0], &both[1])
	if err != nil {
		return err
	}
	if *f.json {
		return writeJSON(e.stdout, changes)
	}
	rows := [][]string{{"KEY", "FROM", "TO"}}
	or := func(s *string) string {
		if s == nil {
			return "-"
		}
		return *s
	}
	for _, c := range changes {
		rows = append(rows, []string{c.Key, or(c.From), or(c.To)})
	}
	_, err = fmt.Fprint(e.stdout, table(rows))
	return err
}

// maxTerms is the largest document of terms that is read, in bytes.
const maxTerms = 1 << 20

func runTermsAdd(ctx context.Context, e *env, args []string) error {
	f := newDataFlags(e, "terms add", "FILE [--json]",
		"Makes a document, such as \"terms show --json\" prints, the newest version of the\n"+
			"terms: new leases are made under it, the house's own work from the node's next start\n"+
			"on. Leases that exist keep theirs. It stays the newest until another is added, or\n"+
			"[terms] in the configuration changes. coin and house_script may be left out. FILE -\n"+
			"is standard input.")
	pos, err := f.parse(args, 1, 1)
	if err != nil {
		return err
	}
	text, err := e.readInput(pos[0], maxTerms)
	if err != nil {
		return err
	}
	t, err := parseTerms(text)
	if err != nil {
		return usage("%s: %w", pos[0], err)
	}
	p, cfg, err := f.open(ctx, true)
	if err != nil {
		return err
	}
	defer p.close()
	newest, err := p.settledTerms(ctx, e, &cfg)
	if err != nil {
		return err
	}
	old, err := p.store.Terms(ctx, newest)
	if err != nil {
		return err
	}
	if t.Format == "" {
		t.Format = lease.TermsFormat
	}
	if t.Coin == "" {
		t.Coin = old.Coin
	}
	if t.HouseScript == "" {
		t.HouseScript = old.HouseScript
	}
	switch {
	case t.Coin != old.Coin:
		return usage("%s: the terms are for %.40q, the books are in %s", pos[0], t.Coin, old.Coin)
	case t.HouseScript != old.HouseScript:
		return withHint(usage("%s: blocks would pay the script %.80s, and the house's is %s", pos[0], t.HouseScript, old.HouseScript),
			"leave house_script out: coin.payout_address in the configuration says where the house is paid")
	case t.Format != lease.TermsFormat:
		return usage("%s: format %.40q: want %s", pos[0], t.Format, lease.TermsFormat)
	}
	if err := t.Validate(); err != nil {
		return usage("%s: %w", pos[0], err)
	}
	house, _, err := p.readHouse()
	if err != nil {
		return err
	}
	if err := p.keepableHere(e, &cfg, house.Coin, house.Network)(ctx, &t); err != nil {
		return err
	}
	nowMs, err := p.changeMs(ctx, e)
	if err != nil {
		return err
	}
	hash, err := p.addTerms(ctx, t, nowMs)
	if err != nil {
		return err
	}
	if *f.json {
		return writeJSON(e.stdout, lease.TermsAdded{Hash: hash.String(), Replaces: newest.String()})
	}
	_, err = fmt.Fprintf(e.stdout, "terms %s are the newest: new leases are made under them, others keep theirs\n", hash)
	return err
}

// parseTerms reads a document of terms, strictly.
func parseTerms(text []byte) (lease.Terms, error) {
	var t lease.Terms
	if _, err := lease.Canonicalize(text); err != nil { // numbers and keys as they must be
		return t, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(&t)
	return t, err
}

// settledTerms is newestTerms after which the house remembers what the
// configuration stands for.
func (p *provider) settledTerms(ctx context.Context, e *env, cfg *config) (lease.TermsHash, error) {
	hash, err := p.newestTerms(ctx, e, cfg)
	if err != nil {
		return hash, err
	}
	house, _, err := p.readHouse()
	if err != nil || house.Configured != "" {
		return hash, err
	}
	return p.settleHouse(ctx, cfg, house.Coin, house.Network, p.keepableHere(e, cfg, house.Coin, house.Network), e.nowMs())
}

// addTerms makes a version the newest one.
func (p *provider) addTerms(ctx context.Context, t lease.Terms, nowMs int64) (lease.TermsHash, error) {
	hash, err := t.Hash()
	if err != nil {
		return hash, err
	}
	house, _, err := p.readHouse()
	if err != nil {
		return hash, err
	}
	if err := p.putTerms(ctx, t, house.Terms, nowMs); err != nil {
		return hash, err
	}
	house.Terms = hash.String()
	return hash, p.writeHouse(house)
}

// readInput reads a file, or standard input for "-", of at most limit bytes.
func (e *env) readInput(name string, limit int64) ([]byte, error) {
	if name != "-" {
		return readBounded(name, limit)
	}
	b, err := io.ReadAll(io.LimitReader(e.stdin, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = fmt.Errorf("standard input: larger than %d bytes", limit)
	}
	return b, err
}
