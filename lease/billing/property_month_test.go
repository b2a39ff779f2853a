//go:build month

package billing

import "testing"

func TestManySettleToTheSame(t *testing.T) { settlesToTheSame(t, 100, 40) }

func TestManyHoldAfterEveryStep(t *testing.T) { holdsAfterEveryStep(t, 100, 40) }

func TestManyHoldInSQLite(t *testing.T) { holdsInSQLite(t, 10, 40) }
