package main

import (
	"reflect"
	"testing"
)

// A limit of the server that is no key, or a key that sets none, is a mistake.
func TestEveryLimitIsAKey(t *testing.T) {
	c := defaultStratum()
	at := reflect.ValueOf(&c).Elem()
	set := func() (limits reflect.Value) {
		return reflect.ValueOf(c.limits())
	}
	for name, v := range set().Fields() {
		if v.IsZero() {
			t.Errorf("no key sets the limit %s", name.Name)
		}
	}
	elsewhere := map[string]bool{"ShareIntervalMs": true, "FixedIntervalMs": true, "MaxHandshakes": true, "HandshakeSec": true}
	for field, v := range at.Fields() {
		if !v.CanInt() || elsewhere[field.Name] {
			continue
		}
		before := set().Interface()
		v.SetInt(v.Int() + 1)
		after := set()
		changed := 0
		for i := range after.NumField() {
			if !after.Field(i).Equal(reflect.ValueOf(before).Field(i)) {
				changed++
			}
		}
		if changed != 1 {
			t.Errorf("%s sets %d limits", field.Name, changed)
		}
	}
}

func TestVardiffConfig(t *testing.T) {
	c := defaultStratum()
	v, err := c.vardiff()
	if err != nil || v.Interval != seconds(5) || v.FixedInterval != milliseconds(100) || v.Start.String() != "1024" || v.Min != nil || v.Max != nil {
		t.Errorf("by default %+v, %v", v, err)
	}
	c.MinDifficulty, c.MaxDifficulty = "0.001", "65536"
	if v, err = c.vardiff(); err != nil || v.Min.String() != "0.001" || v.Max.String() != "65536" {
		t.Errorf("%+v, %v", v, err)
	}
}
