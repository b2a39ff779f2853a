package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/miner"
)

// config is everything that can be configured. The doc tags are the
// documentation, in the sample file and in "config show".
type config struct {
	Node     nodeConfig     `toml:"node" doc:"The node itself."`
	Coin     coinConfig     `toml:"coin" doc:"Where blocks come from. With neither an rpc address nor house.pool it is the sandbox: a private coin inside the node, for trying things out."`
	House    houseConfig    `toml:"house" doc:"Where the house works, and leases without a pool of their own: at a pool of the provider's, or on blocks of its own."`
	Terms    termsConfig    `toml:"terms" doc:"What the provider promises. A change makes a new version of the terms; a lease keeps the version it was made under."`
	Stratum  stratumConfig  `toml:"stratum" doc:"The Stratum server, where rigs log in: machines that \"hashlease rig add\" knows. The defaults of the limits suit a farm."`
	Payouts  payoutConfig   `toml:"payout" doc:"Paying tenants what is available to them: their part of blocks, and refunds. From which amount on is in the terms."`
	Log      logConfig      `toml:"log" doc:"The provider's transparency log: every fact that statements rest on is a leaf of it, and nothing in it can be changed later."`
	Portal   portalConfig   `toml:"portal" doc:"What the node shows to browsers and witnesses: the log, and the verifier."`
	Receipts receiptsConfig `toml:"receipts" doc:"How long the receipts are kept that statements rest on. They are sealed into the log first."`
	Pools    poolsConfig    `toml:"pools" doc:"The pools of leases that have one of their own (\"hashlease lease add --pool\")."`
}

type nodeConfig struct {
	Data         string `toml:"data" doc:"The data directory: the database, the provider's key, the sandbox coin."`
	Kernel       string `toml:"kernel" doc:"The hashing kernel by name, of those that \"hashlease kernels\" lists; empty is the fastest."`
	Threads      int    `toml:"threads" doc:"Hashing threads; 0 is one per processor."`
	Duty         int    `toml:"duty" doc:"Percent of the time that threads hash, 1 to 100."`
	Demo         bool   `toml:"demo" doc:"Whether a fresh data directory on the sandbox coin gets two demo tenants with a lease each."`
	HouseProofMs int64  `toml:"house_proof_ms" doc:"Milliseconds of the house's hashing per expected receipt, 100 to 600000."`
	LogFormat    string `toml:"log_format" doc:"Form of the log on standard error: text or json."`
}

type coinConfig struct {
	RPC          []string `toml:"rpc" doc:"JSON-RPC addresses of one coin node, or of several of the same network: the first one that answers is used. Example: [\"http://127.0.0.1:8332\"]."`
	User         string   `toml:"user" doc:"User name for the RPC, unless it is in the address."`
	Password     string   `toml:"password" doc:"Password for the RPC, unless it is in the address."`
	PasswordFile string   `toml:"password_file" doc:"A file that holds the password, instead of password."`
	Payout       string   `toml:"payout_address" doc:"Where the blocks' rewards go: an address of the coin's network, or script:HEX. Needed with rpc, and with house.pool."`
	Name         string   `toml:"name" doc:"The coin of the books, bitcoin or bitcoin-cash. Needed with house.pool and no rpc; with rpc it is compared."`
	Network      string   `toml:"network" doc:"The coin's network: main, testnet3, testnet4, signet, regtest or simnet."`
}

func defaultConfig() config {
	return config{
		Node: nodeConfig{
			Data:         "hashlease-data",
			Duty:         100,
			Demo:         true,
			HouseProofMs: 1000,
			LogFormat:    "text",
		},
		Coin:     coinConfig{RPC: []string{}},
		House:    houseConfig{Pool: []string{}},
		Terms:    defaultTerms(),
		Stratum:  defaultStratum(),
		Payouts:  defaultPayout(),
		Receipts: defaultReceipts(),
		Log:      defaultLog(),
		Portal:   portalConfig{Listen: "127.0.0.1:8420"},
	}
}

// sandbox reports whether the coin is the one inside the node.
func (c *config) sandbox() bool { return len(c.Coin.RPC) == 0 && len(c.House.Pool) == 0 }

// validate checks the values as a whole; it names the key of the first that
// cannot be.
func (c *config) validate() error {
	n := &c.Node
	switch {
	case n.Data == "":
		return fmt.Errorf("node.data is empty: name a directory")
	case n.Threads < 0 || n.Threads > miner.MaxThreads:
		return fmt.Errorf("node.threads is %d: want 0 to %d", n.Threads, miner.MaxThreads)
	case n.Duty < 1 || n.Duty > 100:
		return fmt.Errorf("node.duty is %d: want 1 to 100 percent", n.Duty)
	case n.HouseProofMs < lease.MinProofMs || n.HouseProofMs > lease.MaxProofMs:
		return fmt.Errorf("node.house_proof_ms is %d: want %d to %d", n.HouseProofMs, lease.MinProofMs, lease.MaxProofMs)
	case !slices.Contains([]string{"text", "json"}, n.LogFormat):
		return fmt.Errorf("node.log_format is %q: want text or json", n.LogFormat)
	case c.Coin.Password != "" && c.Coin.PasswordFile != "":
		return fmt.Errorf("coin.password and coin.password_file are both set: keep one")
	case !c.sandbox() && c.Coin.Payout == "":
		return fmt.Errorf("coin.payout_address is empty: say where the rewards of blocks go (--payout-address)")
	case c.sandbox() && c.Coin.Payout != "":
		return fmt.Errorf("coin.payout_address is set, but neither coin.rpc nor house.pool: the sandbox coin pays the provider's own key")
	}
	if n.Kernel != "" {
		if _, err := miner.KernelByName(n.Kernel); err != nil {
			return fmt.Errorf("node.kernel: %w", err)
		}
	}
	if err := c.Terms.validate(); err != nil {
		return err
	}
	if err := c.Payouts.validate(c.sandbox()); err != nil {
		return err
	}
	if c.Payouts.Enabled && c.Payouts.RPC == "" && len(c.Coin.RPC) == 0 {
		return fmt.Errorf("payout.enabled is set, but neither payout.rpc nor coin.rpc: name the node that has the wallet")
	}
	if err := c.validateHouse(); err != nil {
		return err
	}
	if err := c.Log.validate(); err != nil {
		return err
	}
	if err := c.Receipts.validate(&c.Terms); err != nil {
		return err
	}
	if err := c.Portal.validate(); err != nil {
		return err
	}
	return c.Stratum.validate()
}

// password returns the RPC's password, from its file if that is where it is.
func (c *coinConfig) password() (string, error) {
	if c.PasswordFile == "" {
		return c.Password, nil
	}
	b, err := os.ReadFile(c.PasswordFile)
	if err != nil {
		return "", fmt.Errorf("coin.password_file: %w", err)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}
