package main

import (
	"context"
	"fmt"

	"github.com/hashlease/hashlease/bench"
)

func runBenchLedger(ctx context.Context, e *env, args []string) error {
	f := newFlags(e, "bench ledger", "[--leases N] [--shares N] [--folder DIR] [--json] [-o FILE]",
		"Measures what follows a share's verdict, on one core: metering into SQLite, settling\n"+
			"an hour of all leases, splitting a reward by TIDES, and booking blocks. It takes\n"+
			"some ten seconds and writes into a folder for temporary files, or below --folder,\n"+
			"to measure another disk; what it wrote is removed. Figures are by processor time,\n"+
			"those by the wall clock stand beside them.")
	asJSON := f.Bool("json", false, "print JSON")
	out := f.String("o", "", "the `FILE` for the JSON document; - is standard output")
	leases := f.Int("leases", 1000, "leases `N` whose hours are settled")
	shares := f.Int("shares", 500_000, "shares `N` to meter")
	folder := f.String("folder", "", "a `DIR` to write the databases below (default that for temporary files)")
	pos, err := f.parse(args, 0, 1)
	switch {
	case err != nil:
		return err
	case len(pos) == 1 && (pos[0] != "-" || !*asJSON): // "--json -" is another spelling of --json
		return f.usage("unexpected argument %q", pos[0])
	case *leases < 1 || *leases > bench.MaxLedgerLeases:
		return f.usage("--leases %d: want 1 to %d", *leases, bench.MaxLedgerLeases)
	case *shares < 1 || *shares > bench.MaxLedgerShares:
		return f.usage("--shares %d: want 1 to %d", *shares, bench.MaxLedgerShares)
	}
	v := version()
	res, err := bench.Ledger(ctx, bench.LedgerConfig{
		Leases: *leases, Shares: *shares, Folder: *folder,
		Program:  bench.Program{Version: v.Version, Revision: v.Revision, Modified: v.Modified},
		Progress: e.progress,
	})
	e.progress("")
	if err != nil {
		return err
	}
	if done, err := e.saveJSON(*out, res); done || err != nil {
		return err
	}
	if *asJSON {
		return writeJSON(e.stdout, res)
	}
	_, err = fmt.Fprint(e.stdout, ledgerTables(res))
	return err
}

// ledgerTables lays the figures out for people.
func ledgerTables(r *bench.LedgerResults) string {
	perSec := func(f float64) string { return fmt.Sprintf("%.0f /s", f) }
	rows := [][]string{
		{"MEASUREMENT", "SIZE", "BY ONE CORE", "BY THE WALL CLOCK"},
		{"shares metered", plural(r.Shares, "share"), perSec(r.SharesPerSec), perSec(r.SharesWall)},
		{"an hour settled", plural(r.Leases, "lease"), formatNs(r.Settle.CPUNs), formatNs(r.Settle.WallNs)},
		{"TIDES split", plural(int(r.Tides.Size), "share"), formatNs(r.Tides.CPUNs), formatNs(r.Tides.WallNs)},
		{"blocks booked", plural(int(r.Booking.Stored), "posting"), perSec(r.PostingsPerSec), perSec(r.PostingsWall)},
	}
	return benchHead(&r.Machine, r.Load) + table(rows, rows[0][1:]...) + "\n" + goalTable(r.Goals, busyBefore(r.Load))
}
