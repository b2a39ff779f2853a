package stratum

import (
	"fmt"
	"strconv"

	"github.com/hashlease/hashlease/miner"
)

// Subscription is the result of mining.subscribe.
type Subscription struct {
	SessionID       string // to resume by; may be empty
	Extranonce1     []byte
	Extranonce2Size int // bytes
}

// Bounds of the extranonce2 size that ParseSubscription and
// ParseSetExtranonce accept, in bytes.
const (
	MinExtranonce2Size = 2
	MaxExtranonce2Size = 16
)

// ParseSubscription reads the result of mining.subscribe. The list of
// subscriptions may be null or of any shape; its session id is a convenience.
func ParseSubscription(result []byte) (*Subscription, error) {
	var room [maxParams][]byte
	p, err := elements(room[:0], result, maxParams)
	if err == nil && len(p) < 3 {
		err = fmt.Errorf("%d elements, want 3", len(p))
	}
	s := &Subscription{}
	if err == nil {
		s.SessionID = sessionID(p[0])
		err = s.geometry(p[1:])
	}
	if err != nil {
		return nil, fmt.Errorf("%w: result of %s: %w", ErrMalformed, MethodSubscribe, err)
	}
	return s, nil
}

// ParseSetExtranonce reads the parameters of mining.set_extranonce.
func ParseSetExtranonce(params []byte) (*Subscription, error) {
	var room [maxParams][]byte
	p, err := elements(room[:0], params, maxParams)
	if err == nil && len(p) < 2 {
		err = fmt.Errorf("%d parameters, want 2", len(p))
	}
	s := &Subscription{}
	if err == nil {
		err = s.geometry(p)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrMalformed, MethodSetExtranonce, err)
	}
	return s, nil
}

func (s *Subscription) geometry(p [][]byte) (err error) {
	if s.Extranonce1, err = hexBytes(nil, p[0], MaxExtranonce); err != nil {
		return fmt.Errorf("extranonce1: %w", err)
	}
	n, err := strconv.Atoi(plain(p[1]))
	if err != nil || n < MinExtranonce2Size || n > MaxExtranonce2Size {
		return fmt.Errorf("extranonce2 size %.20q: want %d to %d", p[1], MinExtranonce2Size, MaxExtranonce2Size)
	}
	s.Extranonce2Size = n
	return nil
}

// sessionID finds the id of the notify subscription, or of any, in
// [["mining.set_difficulty","id"],["mining.notify","id"]] or in one flat pair.
func sessionID(list []byte) string {
	const maxSessionID = 128
	var room [8][]byte
	items, err := elements(room[:0], list, cap(room))
	if err != nil || len(items) == 0 {
		return ""
	}
	if items[0][0] == '"' {
		items = [][]byte{list}
	}
	found := ""
	for _, item := range items {
		var pair [4][]byte
		p, err := elements(pair[:0], item, cap(pair))
		if err != nil || len(p) < 2 {
			continue
		}
		name, _ := text(p[0])
		id, ok := text(p[1])
		if ok && len(id) <= maxSessionID && (found == "" || name == MethodNotify) {
			found = id
		}
	}
	return found
}

// AppendSubscription appends the result of mining.subscribe.
func AppendSubscription(dst []byte, s *Subscription) []byte {
	dst = append(dst, '[', '[')
	dst = AppendStrings(dst, MethodSetDifficulty, s.SessionID)
	dst = AppendStrings(append(dst, ','), MethodNotify, s.SessionID)
	dst = append(dst, ']', ',')
	dst = appendHex(dst, s.Extranonce1)
	dst = strconv.AppendInt(append(dst, ','), int64(s.Extranonce2Size), 10)
	return append(dst, ']')
}

// AppendSetExtranonce appends the parameters of mining.set_extranonce.
func AppendSetExtranonce(dst []byte, s *Subscription) []byte {
	dst = appendHex(append(dst, '['), s.Extranonce1)
	dst = strconv.AppendInt(append(dst, ','), int64(s.Extranonce2Size), 10)
	return append(dst, ']')
}

// ParseSetDifficulty reads the parameters of mining.set_difficulty and
// mining.suggest_difficulty: a number or a numeric string, kept exact.
func ParseSetDifficulty(params []byte) (miner.Difficulty, error) {
	raw, err := first(params)
	if err != nil {
		return miner.Difficulty{}, fmt.Errorf("%w: %s: %w", ErrMalformed, MethodSetDifficulty, err)
	}
	d, err := miner.ParseDifficulty(plain(raw))
	if err != nil {
		return miner.Difficulty{}, fmt.Errorf("%w: %s: %w", ErrMalformed, MethodSetDifficulty, err)
	}
	return d, nil
}

// AppendSetDifficulty appends the parameters of mining.set_difficulty. Whole
// difficulties are integers.
func AppendSetDifficulty(dst []byte, d miner.Difficulty) []byte {
	return append(append(append(dst, '['), d.String()...), ']')
}

// ParseSetVersionMask reads the parameters of mining.set_version_mask.
func ParseSetVersionMask(params []byte) (uint32, error) {
	raw, err := first(params)
	if err != nil {
		return 0, fmt.Errorf("%w: %s: %w", ErrMalformed, MethodSetVersionMask, err)
	}
	mask, err := shortWord(raw)
	if err != nil {
		return 0, fmt.Errorf("%w: %s: %w", ErrMalformed, MethodSetVersionMask, err)
	}
	return mask, nil
}

// AppendSetVersionMask appends the parameters of mining.set_version_mask.
func AppendSetVersionMask(dst []byte, mask uint32) []byte {
	return append(appendWord(append(dst, '['), mask), ']')
}

// first returns the first of the parameters.
func first(params []byte) ([]byte, error) {
	var room [maxParams][]byte
	p, err := elements(room[:0], params, maxParams)
	if err != nil {
		return nil, err
	}
	if len(p) == 0 {
		return nil, fmt.Errorf("no parameters, want 1")
	}
	return p[0], nil
}
