package stratum

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/hashlease/hashlease/miner"
)

// AppendConfigure appends the parameters of a mining.configure that asks to
// roll the version bits of mask.
func AppendConfigure(dst []byte, mask uint32) []byte {
	dst = append(dst, `[["`+extensionVersionRoll+`"],{"`+extensionVersionMask+`":`...)
	dst = appendWord(dst, mask)
	return append(dst, `,"`+extensionVersionMinBit+`":2}]`...)
}

// ParseConfigured reads the result of mining.configure: the version bits that
// may be rolled, or 0 when the extension is refused or unknown.
func ParseConfigured(result []byte) (mask uint32, err error) {
	if isNull(result) || result[0] != '{' {
		return 0, nil
	}
	granted, given := false, []byte(nil)
	s := scanner{b: result}
	err = s.object(maxDepth, func(key, value []byte) error {
		switch string(key) {
		case `"` + extensionVersionRoll + `"`:
			granted = string(value) == "true"
		case `"` + extensionVersionMask + `"`:
			given = value
		}
		return nil
	})
	if err == nil && granted && given != nil {
		mask, err = shortWord(given)
	}
	if err != nil {
		return 0, fmt.Errorf("%w: result of %s: %w", ErrMalformed, MethodConfigure, err)
	}
	return mask, nil
}

// ParseConfigure reads the parameters of mining.configure: the mask that the
// client asks for, or 0 when it does not ask for version rolling. Without a
// mask it asks for VersionMask.
func ParseConfigure(params []byte) (mask uint32, err error) {
	var x Extensions
	if err := x.Parse(params); err != nil {
		return 0, err
	}
	return x.Mask, nil
}

// Extensions are what a mining.configure asks for.
type Extensions struct {
	Names             [][]byte // of the extensions, as raw JSON, within the line
	VersionRolling    bool
	Mask              uint32 // of version rolling; without one, VersionMask
	MinBitCount       int    // of version rolling: with fewer bits it is useless
	MinimumDifficulty *miner.Difficulty
}

// Parse reads the parameters of mining.configure (BIP310).
func (x *Extensions) Parse(params []byte) error {
	if err := x.parse(params); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrMalformed, MethodConfigure, err)
	}
	return nil
}

func (x *Extensions) parse(params []byte) error {
	var room [maxParams][]byte
	p, err := elements(room[:0], params, maxParams)
	if err != nil {
		return err
	}
	if len(p) < 1 {
		return errors.New("no parameters, want 2")
	}
	*x = Extensions{}
	if x.Names, err = elements(nil, p[0], maxParams); err != nil {
		return fmt.Errorf("extensions: %w", err)
	}
	var least bool
	for _, name := range x.Names {
		switch string(name) {
		case `"` + extensionVersionRoll + `"`:
			x.VersionRolling, x.Mask = true, VersionMask
		case `"` + extensionMinDifficulty + `"`:
			least = true
		}
	}
	if len(p) < 2 || p[1][0] != '{' {
		return nil
	}
	s := scanner{b: p[1]}
	return s.object(maxDepth, func(key, value []byte) (err error) {
		switch string(key) {
		case `"` + extensionVersionMask + `"`:
			if x.VersionRolling {
				x.Mask, err = shortWord(value)
			}
		case `"` + extensionVersionMinBit + `"`:
			x.MinBitCount, err = strconv.Atoi(plain(value))
		case `"` + extensionMinDifficulty + `.value"`:
			var d miner.Difficulty
			if d, err = miner.ParseDifficulty(plain(value)); err == nil && least {
				x.MinimumDifficulty = &d
			}
			err = nil // 0 asks for nothing
		}
		return err
	})
}

// appendGrant appends the result of mining.configure; a mask of 0 refuses
// version rolling.
func (x *Extensions) appendGrant(dst []byte, mask uint32) []byte {
	dst = append(dst, '{')
	for i, name := range x.Names {
		if len(name) == 0 || name[0] != '"' {
			continue
		}
		if i > 0 && dst[len(dst)-1] != '{' {
			dst = append(dst, ',')
		}
		dst = append(append(dst, name...), ':')
		switch string(name) {
		case `"` + extensionVersionRoll + `"`:
			if mask == 0 {
				dst = append(dst, "false"...)
				continue
			}
			dst = append(dst, `true,"`+extensionVersionMask+`":`...)
			dst = appendWord(dst, mask)
		case `"` + extensionMinDifficulty + `"`:
			dst = strconv.AppendBool(dst, x.MinimumDifficulty != nil)
		case `"` + extensionExtranonce + `"`, `"` + extensionInfo + `"`:
			dst = append(dst, "true"...)
		default:
			dst = append(dst, "false"...)
		}
	}
	return append(dst, '}')
}
