package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/hashlease/hashlease/lease"
	"github.com/hashlease/hashlease/stratum/solo"
	"github.com/hashlease/hashlease/stratum/transport"
)

// houseConfig says where the house works, and leases without a pool of their
// own.
type houseConfig struct {
	Pool         []string `toml:"pool" doc:"Stratum addresses of the provider's pool, the preferred first and up to 4 to fall back to: the house mines there, and so do leases without a pool of their own. Empty: on blocks of its own, from coin.rpc or the sandbox. What the pool pays is shared by proven work with \"hashlease ledger income\"."`
	User         string   `toml:"pool_user" doc:"The provider's user or worker name at the pool. Needed with pool."`
	Password     string   `toml:"pool_password" doc:"Password at the pool; x where it does not matter."`
	PasswordFile string   `toml:"pool_password_file" doc:"A file that holds the password, instead of pool_password."`
}

// validate checks the section, and that the books' coin is known.
func (c *config) validateHouse() error {
	h, coin := &c.House, &c.Coin
	named := coin.Name != "" || coin.Network != ""
	switch {
	case len(h.Pool) == 0 && (h.User != "" || h.Password != "" || h.PasswordFile != ""):
		return fmt.Errorf("house.pool is empty, but a user or password for it is set: name the pool")
	case len(h.Pool) > 0 && h.User == "":
		return fmt.Errorf("house.pool_user is empty: who is the provider at the pool?")
	case h.Password != "" && h.PasswordFile != "":
		return fmt.Errorf("house.pool_password and house.pool_password_file are both set: keep one")
	case c.sandbox() && named:
		return fmt.Errorf("coin.name and coin.network are set, but neither coin.rpc nor house.pool: the sandbox coin is what it is")
	case len(coin.RPC) == 0 && len(h.Pool) > 0 && !named:
		return fmt.Errorf("coin.name and coin.network are empty: with house.pool and no coin.rpc nobody else says what coin the books are in, such as bitcoin and main")
	}
	if named {
		name, network := coin.named()
		if _, ok := solo.FormsOf(name, network); !ok {
			return fmt.Errorf("coin.name %.40q with coin.network %.40q: want bitcoin or bitcoin-cash, and main, testnet3, testnet4, signet, regtest or simnet", coin.Name, coin.Network)
		}
	}
	if len(h.Pool) == 0 {
		return nil
	}
	_, err := h.at("x")
	return err
}

// at returns the pool.
func (h *houseConfig) at(password string) (*lease.Pool, error) {
	p := &lease.Pool{User: h.User, Password: password}
	for _, url := range h.Pool {
		e, err := transport.Parse(url)
		if err != nil {
			return nil, fmt.Errorf("house.pool: %w", err)
		}
		p.URLs = append(p.URLs, e.String())
	}
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("house.pool: %w", err)
	}
	return p, nil
}

// pool returns the pool with its password; nil where there is none.
func (h *houseConfig) pool() (*lease.Pool, error) {
	if len(h.Pool) == 0 {
		return nil, nil
	}
	password := h.Password
	if h.PasswordFile != "" {
		b, err := os.ReadFile(h.PasswordFile)
		if err != nil {
			return nil, usage("house.pool_password_file: %w", err)
		}
		password = strings.TrimRight(string(b), "\r\n")
	}
	p, err := h.at(password)
	if err != nil {
		return nil, usage("%w", err)
	}
	return p, nil
}

// named is the coin that the configuration names, as nodes name it.
func (c *coinConfig) named() (coin, network string) {
	switch c.Name {
	case "bitcoin":
		return "btc", c.Network
	case "bitcoin-cash":
		return "bch", c.Network
	}
	return c.Name, c.Network
}
