package sqlite

import (
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/hashlease/hashlease/lease"
)

// poolColumns are a pool as it is stored; all are NULL for a lease without
// one.
type poolColumns struct{ urls, user, password sql.NullString }

func newPoolColumns(p *lease.Pool) (c poolColumns, err error) {
	if p == nil {
		return c, nil
	}
	urls, err := json.Marshal(p.URLs)
	text := func(s string) sql.NullString { return sql.NullString{String: s, Valid: true} }
	return poolColumns{text(string(urls)), text(p.User), text(p.Password)}, err
}

// pool returns the pool, nil where there is none.
func (c *poolColumns) pool() (*lease.Pool, error) {
	if !c.urls.Valid {
		return nil, nil
	}
	p := &lease.Pool{User: c.user.String, Password: c.password.String}
	if err := json.Unmarshal([]byte(c.urls.String), &p.URLs); err != nil {
		return nil, fmt.Errorf("%w: the addresses of a pool are no list of texts", errDamaged)
	}
	return p, nil
}
