package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// Limits of an answer, in bytes, and of the patience with it.
const (
	maxAnswer     = 1 << 20
	maxTemplate   = 96 << 20 // 32 MB blocks in hexadecimal, and room
	maxCookie     = 1 << 10
	answerTimeout = 30 * time.Second
)

// endpoint is one node.
type endpoint struct {
	url    string // without user and password
	name   string // for people: scheme and host
	auth   func() (user, pass string, err error)
	client *http.Client

	mu        sync.Mutex
	known     *profile  // nil until identified
	downUntil time.Time // after a failure: ask the others first
	down      bool
}

// newEndpoint takes a URL apart.
func newEndpoint(raw string, cfg *Config, client *http.Client) (*endpoint, error) {
	u, err := url.Parse(raw)
	if err != nil {
		var parse *url.Error
		if errors.As(err, &parse) {
			err = parse.Err // without the URL: it may hold a password
		}
		return nil, fmt.Errorf("coin node address: %w; write http://HOST:PORT", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("coin node address %q: write http://HOST:PORT or https://HOST:PORT", u.Redacted())
	}
	e := &endpoint{name: u.Scheme + "://" + u.Host, client: client}
	e.auth = func() (string, string, error) { return cfg.User, cfg.Pass, nil }
	if user := u.User; user != nil {
		pass, _ := user.Password()
		e.auth = func() (string, string, error) { return user.Username(), pass, nil }
	} else if cfg.CookieFile != "" {
		e.auth = func() (string, string, error) { return readCookie(cfg.CookieFile) }
	}
	u.User = nil
	e.url = u.String()
	return e, nil
}

// shunned reports whether the node failed lately.
func (e *endpoint) shunned(now time.Time) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return now.Before(e.downUntil)
}

// readCookie reads user and password from a file that the node rewrites at
// every start.
func readCookie(name string) (user, pass string, err error) {
	f, err := os.Open(name)
	if err != nil {
		return "", "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxCookie))
	if err != nil {
		return "", "", err
	}
	user, pass, ok := strings.Cut(strings.TrimSpace(string(b)), ":")
	if !ok {
		return "", "", fmt.Errorf("%s holds no cookie of the form user:password", name)
	}
	return user, pass, nil
}

// request is a JSON-RPC request; btcd insists on the version and on
// positional parameters.
type request struct {
	Version string `json:"jsonrpc"`
	ID      int    `json:"id"`
	Method  string `json:"method"`
	Params  []any  `json:"params"`
}

// answer is a JSON-RPC reply.
type answer struct {
	Result json.RawMessage `json:"result"`
	Error  *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
}

// call asks the node and decodes its result into result, for half a minute at
// most. Every error is an *Error.
func (e *endpoint) call(ctx context.Context, limit int64, result any, method string, params ...any) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	return e.patientCall(ctx, limit, result, method, params...)
}

// patientCall is call for as long as it takes.
func (e *endpoint) patientCall(ctx context.Context, limit int64, result any, method string, params ...any) error {
	if params == nil {
		params = []any{}
	}
	body, err := json.Marshal(request{"1.0", 1, method, params})
	if err != nil {
		return e.fail(method, ErrCall, err.Error(), "")
	}
	status, reply, err := e.post(ctx, method, body, limit)
	if err != nil {
		return err
	}
	var a answer
	if err := json.Unmarshal(reply, &a); err != nil {
		return e.badStatus(method, status, err)
	}
	if a.Error != nil {
		return e.callError(method, a.Error.Code, a.Error.Message)
	}
	if status != http.StatusOK {
		return e.badStatus(method, status, errors.New("no error in it"))
	}
	if err := json.Unmarshal(a.Result, result); err != nil {
		return e.fail(method, ErrAnswer, err.Error(), "")
	}
	return nil
}

// post sends one request and reads the whole reply.
func (e *endpoint) post(ctx context.Context, method string, body []byte, limit int64) (status int, reply []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url, bytes.NewReader(body))
	if err != nil {
		return 0, nil, e.fail(method, ErrUnreachable, err.Error(), "")
	}
	req.Header.Set("Content-Type", "application/json")
	user, pass, err := e.auth()
	if err != nil {
		return 0, nil, e.fail(method, ErrAuth, err.Error(), "is the node running, and may this user read its cookie file?")
	}
	if user != "" || pass != "" {
		req.SetBasicAuth(user, pass)
	}
	resp, err := e.client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err
		}
		return 0, nil, e.fail(method, ErrUnreachable, err.Error(), "is it running, and does its RPC listen there?")
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		return 0, nil, e.fail(method, ErrAuth, "", "use those of the node's configuration, or its cookie file")
	case http.StatusForbidden:
		return 0, nil, e.fail(method, ErrAuth, "", "allow this host in the node's configuration (rpcallowip)")
	case http.StatusServiceUnavailable:
		return 0, nil, e.fail(method, ErrUnreachable, "it is too busy", "raise its rpcworkqueue or rpcthreads")
	}
	reply, err = io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return 0, nil, e.fail(method, ErrUnreachable, "its answer broke off: "+err.Error(), "")
	}
	if int64(len(reply)) > limit {
		return 0, nil, e.fail(method, ErrAnswer, fmt.Sprintf("more than %d bytes", limit), "")
	}
	return resp.StatusCode, reply, nil
}

// fail makes an error of this node.
func (e *endpoint) fail(method string, kind error, detail, hint string) *Error {
	return &Error{Endpoint: e.name, Method: method, Kind: kind, Detail: detail, Hint: hint}
}

// badStatus is an answer that is no JSON-RPC.
func (e *endpoint) badStatus(method string, status int, err error) *Error {
	return e.fail(method, ErrAnswer, fmt.Sprintf("HTTP status %d, %v", status, err), "is there a coin node's RPC behind this address?")
}

// callError is the node's own refusal.
func (e *endpoint) callError(method string, code int, message string) *Error {
	err := e.fail(method, ErrCall, message, "")
	err.Code = code
	switch code {
	case codeNoPeers, codeInitialSync, codeWarmup:
		err.Kind, err.Hint = ErrSyncing, "wait until it is in step with its network"
	case codeNoWallet:
		err.Hint = "create the wallet, or load it with loadwallet and load_on_startup"
	case codeManyWallet:
		err.Hint = "name the wallet in the configuration"
	case codePassphrase:
		err.Hint = "unlock the wallet with walletpassphrase"
	}
	return err
}
