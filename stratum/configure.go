package stratum

import "fmt"

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
	var room [maxParams][]byte
	p, err := elements(room[:0], params, maxParams)
	if err == nil && len(p) < 1 {
		err = fmt.Errorf("no parameters, want 2")
	}
	if err != nil {
		return 0, fmt.Errorf("%w: %s: %w", ErrMalformed, MethodConfigure, err)
	}
	var names [maxParams][]byte
	list, err := elements(names[:0], p[0], maxParams)
	if err != nil {
		return 0, fmt.Errorf("%w: %s: extensions: %w", ErrMalformed, MethodConfigure, err)
	}
	asked := false
	for _, name := range list {
		asked = asked || string(name) == `"`+extensionVersionRoll+`"`
	}
	if !asked {
		return 0, nil
	}
	mask = VersionMask
	if len(p) > 1 && p[1][0] == '{' {
		s := scanner{b: p[1]}
		err = s.object(maxDepth, func(key, value []byte) error {
			if string(key) == `"`+extensionVersionMask+`"` {
				mask, err = shortWord(value)
				return err
			}
			return nil
		})
	}
	if err != nil {
		return 0, fmt.Errorf("%w: %s: %w", ErrMalformed, MethodConfigure, err)
	}
	return mask, nil
}
