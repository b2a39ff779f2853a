//go:build js && wasm

package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hashlease/hashlease/lease/bundle"
	"github.com/hashlease/hashlease/lease/translog"
)

// options are what the page knows from its reader; empty texts are not given.
type options struct {
	Key       string `json:"key"`        // the provider's
	TenantKey string `json:"tenant_key"` // the tenant's
	Witnesses string `json:"witnesses"`  // verifier keys, one a line
	Since     string `json:"since"`      // a checkpoint kept from earlier
	Strict    bool   `json:"strict"`
}

// parseOptions makes the verifier's options of the page's.
func parseOptions(text string) (o bundle.Options, err error) {
	var in options
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return o, err
	}
	o.Strict = in.Strict
	if in.Key != "" {
		if o.Key, err = bundle.ParseKey(in.Key); err != nil {
			return o, fmt.Errorf("the provider's key: %w", err)
		}
	}
	if in.TenantKey != "" {
		if o.TenantKey, err = bundle.ParseKey(in.TenantKey); err != nil {
			return o, fmt.Errorf("your key: %w", err)
		}
	}
	for _, line := range strings.Fields(in.Witnesses) {
		v, err := translog.ParseVerifier(line)
		if err != nil {
			return o, fmt.Errorf("a witness's key: %w", err)
		}
		o.Witnesses = append(o.Witnesses, v)
	}
	if in.Since != "" {
		o.Since = []byte(in.Since)
	}
	return o, nil
}
