package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// command is one word of the command line.
type command struct {
	name  string
	brief string // one line
	run   func(ctx context.Context, e *env, args []string) error
	verbs []command // instead of run
}

// commands lists everything hashlease can be told to do.
func commands() []command {
	return []command{
		{name: "node", brief: "run the provider's node (no configuration needed: a private sandbox coin)", run: runNode},
		{name: "mine", brief: "mine for a pool, without leases", run: runMine},
		{name: "bench", brief: "measure the hash rate of every kernel", run: runBench},
		{name: "tenant", brief: "add and list tenants, and say where they are paid", verbs: tenantVerbs()},
		{name: "lease", brief: "add, list, change and close leases, and book prepayments", verbs: leaseVerbs()},
		{name: "order", brief: "as a tenant: sign an order to start, stop or repoint a lease", run: runOrder},
		{name: "terms", brief: "the versions of what the provider promises and charges", verbs: termsVerbs()},
		{name: "maintenance", brief: "announce maintenance", verbs: maintenanceVerbs()},
		{name: "events", brief: "list what was decided, and from what", run: runEvents},
		{name: "rig", brief: "add, list and switch off the machines that log in by Stratum", verbs: []command{
			{name: "add", brief: "add a rig and print its password", run: runRigAdd},
			{name: "list", brief: "list the rigs and what they deliver", run: runRigList},
			{name: "show", brief: "show one rig and what it delivered", run: runRigShow},
			{name: "set", brief: "change what is known of a rig", run: runRigSet},
			{name: "token", brief: "give a rig a new password", run: runRigToken},
			{name: "disable", brief: "keep a rig out for a while", run: runRigDisable},
			{name: "enable", brief: "let a disabled rig in again", run: runRigEnable},
			{name: "remove", brief: "remove a rig for good", run: runRigRemove},
		}},
		{name: "statement", brief: "state what leases were delivered and charged, and the proof", run: runStatement},
		{name: "receipts", brief: "list, export and thin the receipts that statements rest on", verbs: receiptsVerbs()},
		{name: "ledger", brief: "show, check and export the books", verbs: []command{
			{name: "show", brief: "show the trial balance, or the transactions", run: runLedgerShow},
			{name: "check", brief: "check everything that was ever booked", run: runLedgerCheck},
			{name: "export", brief: "write the books for a spreadsheet, hledger or beancount", run: runLedgerExport},
			{name: "income", brief: "share what the house's pool paid, by proven work", run: runLedgerIncome},
			{name: "correct", brief: "take back what was booked by mistake", run: runLedgerCorrect},
		}},
		{name: "log", brief: "show, prove and audit the provider's transparency log", verbs: logVerbs()},
		{name: "witness", brief: "watch another provider's log, and sign that it only grew", run: runWitness},
		{name: "payout", brief: "pay tenants what is available to them", verbs: payoutVerbs()},
		{name: "config", brief: "write, check and show the configuration", verbs: []command{
			{name: "init", brief: "write a sample configuration", run: runConfigInit},
			{name: "check", brief: "check a configuration file", run: runConfigCheck},
			{name: "show", brief: "show what is in effect, and from where", run: runConfigShow},
		}},
		{name: "verify", brief: "check a bundle offline, by re-hashing its shares", run: runVerify},
		{name: "kernels", brief: "show which kernel hashes here, and why not another", run: runKernels},
		{name: "version", brief: "print the version", run: runVersion},
	}
}

// run carries out one command line and returns the exit code.
func run(ctx context.Context, e *env, args []string) int {
	err := whyEnded(ctx, dispatchCommand(ctx, e, "hashlease", commands(), args))
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		report(e.stderr, err)
	}
	return exitCode(err)
}

// dispatchCommand finds the command that args begin with and runs it.
func dispatchCommand(ctx context.Context, e *env, path string, from []command, args []string) error {
	if len(args) == 0 {
		printCommands(e.stderr, path, from)
		return &coded{code: exitUsage}
	}
	name, rest := args[0], args[1:]
	if name == "help" || name == "-h" || name == "--help" {
		if name == "help" && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
			return dispatchCommand(ctx, e, path, from, append(slices.Clone(rest), "--help"))
		}
		printCommands(e.stdout, path, from)
		return flag.ErrHelp
	}
	if name == "--version" {
		name = "version"
	}
	for _, c := range from {
		if c.name != name {
			continue
		}
		if c.verbs != nil {
			return dispatchCommand(ctx, e, path+" "+name, c.verbs, rest)
		}
		return c.run(ctx, e, rest)
	}
	var names []string
	for _, c := range from {
		names = append(names, c.name)
	}
	err := usage("%s has no command %q", path, name)
	if near := nearest(name, names); near != "" {
		return withHint(err, "did you mean %q?", path+" "+near)
	}
	return withHint(err, "%q lists the commands", path+" help")
}

func printCommands(w io.Writer, path string, from []command) {
	fmt.Fprintf(w, "Usage: %s COMMAND [flags]\n\n", path)
	for _, c := range from {
		fmt.Fprintf(w, "  %-11s %s\n", c.name, c.brief)
	}
	fmt.Fprintf(w, "\n%q explains one of them.\n", path+" help COMMAND")
}

// nearest is the candidate that name was probably meant to be, or "".
func nearest(name string, candidates []string) string {
	best, least := "", 1+max(1, len(name)/3)
	for _, c := range candidates {
		if d := editDistance(name, c); d < least {
			best, least = c, d
		}
	}
	return best
}

// editDistance counts the letters to insert, delete, change or swap with
// their neighbour to make a into b.
func editDistance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			change := 1
			if a[i-1] == b[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
