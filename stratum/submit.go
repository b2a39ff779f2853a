package stratum

import "fmt"

// MaxExtranonce is the most bytes of an extranonce1 or extranonce2.
const MaxExtranonce = 32

// Submit is the contents of a mining.submit.
type Submit struct {
	User  string // worker name
	JobID string
	Share Share
}

// Parse reads the parameters of a mining.submit into s, reusing the room of
// its extranonce2. Errors are *Error values with code 20; whether the share
// fits its job is for Issue.Check to say.
func (s *Submit) Parse(params []byte) error {
	if err := s.parse(params); err != nil {
		return &Error{Code: CodeOther, Message: Printable(err.Error(), maxRefusalText)}
	}
	return nil
}

func (s *Submit) parse(params []byte) error {
	var (
		r    rawSubmit
		room [maxParams][]byte
	)
	r.share.Extranonce2 = s.Share.Extranonce2
	if err := r.parse(room[:0], params); err != nil {
		return err
	}
	var ok bool
	if s.User, ok = text(r.user); !ok {
		return fmt.Errorf("worker %.40q: want a string", r.user)
	}
	s.JobID, s.Share = plain(r.job), r.share
	return nil
}

// rawSubmit is a mining.submit whose names are raw JSON within the line, so
// that taking it apart costs no allocation.
type rawSubmit struct {
	user, job []byte
	share     Share
}

// parse reads the parameters, reusing the room of the extranonce2, and room for
// a list of them.
func (r *rawSubmit) parse(room [][]byte, params []byte) error {
	p, err := elements(room, params, maxParams)
	if err != nil {
		return fmt.Errorf("parameters: %w", err)
	}
	if len(p) < 5 {
		return fmt.Errorf("%d parameters, want worker, job, extranonce2, ntime, nonce", len(p))
	}
	r.user, r.job = p[0], p[1]
	if r.user[0] != '"' {
		return fmt.Errorf("worker %.40q: want a string", r.user)
	}
	if len(r.job) > 2+MaxJobIDLen {
		return fmt.Errorf("job id of %d characters, at most %d", len(r.job)-2, MaxJobIDLen)
	}
	share := Share{}
	if share.Extranonce2, err = hexBytes(r.share.Extranonce2[:0], p[2], MaxExtranonce); err != nil {
		return fmt.Errorf("extranonce2: %w", err)
	}
	if share.Time, err = word(p[3]); err != nil {
		return fmt.Errorf("ntime: %w", err)
	}
	if share.Nonce, err = word(p[4]); err != nil {
		return fmt.Errorf("nonce: %w", err)
	}
	if len(p) > 5 && !isNull(p[5]) && string(p[5]) != `""` {
		if share.VersionBits, err = shortWord(p[5]); err != nil {
			return fmt.Errorf("version bits: %w", err)
		}
		share.HasVersion = true
	}
	r.share = share
	return nil
}

// AppendSubmit appends the parameters of a mining.submit. The sixth one is
// there when the share has version bits.
func AppendSubmit(dst []byte, s *Submit) []byte {
	dst = quote(append(dst, '['), s.User)
	dst = quote(append(dst, ','), s.JobID)
	dst = appendHex(append(dst, ','), s.Share.Extranonce2)
	dst = appendWord(append(dst, ','), s.Share.Time)
	dst = appendWord(append(dst, ','), s.Share.Nonce)
	if s.Share.HasVersion {
		dst = appendWord(append(dst, ','), s.Share.VersionBits)
	}
	return append(dst, ']')
}
