package stratum

import (
	"encoding/hex"
	"fmt"

	"github.com/hashlease/hashlease/miner"
)

// notifyParams is how many parameters a mining.notify has; further ones are
// ignored.
const notifyParams = 9

// maxParams bounds the parameters of any message.
const maxParams = 32

// ParseNotify reads the parameters of a mining.notify into a job that passed
// Validate.
func ParseNotify(params []byte) (*Job, error) {
	j, err := parseNotify(params)
	if err == nil {
		err = j.Validate()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrMalformed, MethodNotify, err)
	}
	return j, nil
}

func parseNotify(params []byte) (*Job, error) {
	var room [maxParams][]byte
	p, err := elements(room[:0], params, maxParams)
	if err != nil {
		return nil, err
	}
	if len(p) < notifyParams {
		return nil, fmt.Errorf("%d parameters, want %d", len(p), notifyParams)
	}
	j := &Job{ID: plain(p[0])}
	if j.PrevHash, err = hash(p[1]); err != nil {
		return nil, fmt.Errorf("prevhash: %w", err)
	}
	j.PrevHash = SwapPrevHash(j.PrevHash)
	if j.Coinb1, err = hexBytes(nil, p[2], MaxCoinbaseSize); err != nil {
		return nil, fmt.Errorf("coinb1: %w", err)
	}
	if j.Coinb2, err = hexBytes(nil, p[3], MaxCoinbaseSize); err != nil {
		return nil, fmt.Errorf("coinb2: %w", err)
	}
	var branches [MaxBranches][]byte
	list, err := elements(branches[:0], p[4], MaxBranches)
	if err != nil {
		return nil, fmt.Errorf("merkle branches: %w", err)
	}
	for i, raw := range list {
		b, err := hash(raw)
		if err != nil {
			return nil, fmt.Errorf("merkle branch %d: %w", i, err)
		}
		j.Branches = append(j.Branches, b)
	}
	if j.Version, err = word(p[5]); err != nil {
		return nil, fmt.Errorf("version: %w", err)
	}
	bits, err := word(p[6])
	if err != nil {
		return nil, fmt.Errorf("nbits: %w", err)
	}
	j.Bits = miner.Bits(bits)
	if j.Time, err = word(p[7]); err != nil {
		return nil, fmt.Errorf("ntime: %w", err)
	}
	j.Clean, err = boolean(p[8])
	if err != nil {
		return nil, fmt.Errorf("clean_jobs: %w", err)
	}
	return j, nil
}

// AppendNotify appends the job's mining.notify as a whole line.
func AppendNotify(dst []byte, j *Job) []byte {
	dst = append(dst, `{"id":null,"method":"mining.notify","params":[`...)
	dst = quote(dst, j.ID)
	prev := SwapPrevHash(j.PrevHash)
	dst = appendHex(append(dst, ','), prev[:])
	dst = appendHex(append(dst, ','), j.Coinb1)
	dst = appendHex(append(dst, ','), j.Coinb2)
	dst = append(dst, ',', '[')
	for i := range j.Branches {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendHex(dst, j.Branches[i][:])
	}
	dst = append(dst, ']')
	for _, n := range [...]uint32{j.Version, uint32(j.Bits), j.Time} {
		dst = appendWord(append(dst, ','), n)
	}
	if j.Clean {
		return append(dst, ",true]}\n"...)
	}
	return append(dst, ",false]}\n"...)
}

// hexBytes appends the bytes of a string of at most 2·limit hexadecimal
// digits to dst.
func hexBytes(dst, raw []byte, limit int) ([]byte, error) {
	if len(raw) < 2 || raw[0] != '"' {
		return nil, fmt.Errorf("%.40q: want a string", raw)
	}
	digits := raw[1 : len(raw)-1]
	if len(digits)%2 != 0 || len(digits) > 2*limit {
		return nil, fmt.Errorf("%d characters: want pairs of hexadecimal digits, at most %d", len(digits), 2*limit)
	}
	start := len(dst)
	dst = append(dst, digits[:len(digits)/2]...)
	if _, err := hex.Decode(dst[start:], digits); err != nil {
		return nil, err
	}
	return dst, nil
}

func hash(raw []byte) (h miner.Hash, err error) {
	if len(raw) != 2+2*len(h) || raw[0] != '"' {
		return h, fmt.Errorf("%.80q: want a string of %d hexadecimal digits", raw, 2*len(h))
	}
	_, err = hex.Decode(h[:], raw[1:len(raw)-1])
	return h, err
}

// word reads a 32-bit number: exactly eight hexadecimal digits, big-endian.
func word(raw []byte) (uint32, error) {
	if len(raw) != 10 || raw[0] != '"' {
		return 0, fmt.Errorf("%.40q: want a string of 8 hexadecimal digits", raw)
	}
	return shortWord(raw)
}

// shortWord reads a 32-bit number of one to eight hexadecimal digits, as some
// send version bits and masks.
func shortWord(raw []byte) (uint32, error) {
	if len(raw) < 3 || len(raw) > 10 || raw[0] != '"' {
		return 0, fmt.Errorf("%.40q: want a string of 1 to 8 hexadecimal digits", raw)
	}
	var n uint32
	for _, c := range raw[1 : len(raw)-1] {
		d, ok := unhex(c)
		if !ok {
			return 0, fmt.Errorf("%.40q: want hexadecimal digits", raw)
		}
		n = n<<4 | uint32(d)
	}
	return n, nil
}

// boolean reads true and false, also as the numbers some pools send.
func boolean(raw []byte) (bool, error) {
	switch string(raw) {
	case "true", "1":
		return true, nil
	case "false", "0", "null":
		return false, nil
	}
	return false, fmt.Errorf("%.40q: want true or false", raw)
}

func appendHex(dst, b []byte) []byte {
	dst = append(dst, '"')
	dst = hex.AppendEncode(dst, b)
	return append(dst, '"')
}

func appendWord(dst []byte, n uint32) []byte {
	return appendHex(dst, []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}
