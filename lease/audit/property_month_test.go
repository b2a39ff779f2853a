//go:build month

package audit_test

import "testing"

func TestManyHoldAfterEveryStep(t *testing.T) { holdsAfterEveryStep(t, 20) }

func TestManySettleToTheSame(t *testing.T) { settlesToTheSame(t, 20) }
