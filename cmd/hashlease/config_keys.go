package main

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// key is one configurable value: section.name.
type key struct {
	section, name string
	doc           string
	value         reflect.Value // settable
}

func (k key) String() string { return k.section + "." + k.name }

// env is the name of the environment variable that sets the key.
func (k key) env() string { return envPrefix + strings.ToUpper(k.section+"_"+k.name) }

const envPrefix = "HASHLEASE_"

// keys lists the values of c in the order of the sample.
func (c *config) keys() []key {
	var all []key
	for section := range reflect.TypeFor[config]().Fields() {
		group := reflect.ValueOf(c).Elem().FieldByIndex(section.Index)
		for field := range section.Type.Fields() {
			if field.Tag.Get("toml") == "" {
				continue // derived from others
			}
			all = append(all, key{
				section: section.Tag.Get("toml"),
				name:    field.Tag.Get("toml"),
				doc:     field.Tag.Get("doc"),
				value:   group.FieldByIndex(field.Index),
			})
		}
	}
	return all
}

// set reads the value from text, as environment variables hold it.
func (k key) set(text string) error {
	switch p := k.value.Addr().Interface().(type) {
	case *string:
		*p = text
	case *[]string:
		*p = []string{}
		return (*list)(p).Set(text)
	case *bool:
		v, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%q: want true or false", text)
		}
		*p = v
	case *int, *int64:
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return fmt.Errorf("%q: want a whole number", text)
		}
		k.value.SetInt(v)
	default:
		return fmt.Errorf("%s cannot be set from text", k)
	}
	return nil
}

// form says what the value has to be, as a file holds it.
func (k key) form() string {
	switch k.value.Interface().(type) {
	case string:
		return `text in quotes`
	case []string:
		return `a list of texts in quotes, such as ["..."]`
	case bool:
		return "true or false"
	}
	return "a whole number"
}

// toml writes the value as the file holds it.
func (k key) toml() string {
	switch v := k.value.Interface().(type) {
	case string:
		return tomlString(v)
	case []string:
		parts := make([]string, len(v))
		for i, s := range v {
			parts[i] = tomlString(s)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	default:
		return fmt.Sprint(v)
	}
}

// tomlString writes a basic string of TOML.
func tomlString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// sample writes c as a documented file.
func (c *config) sample() []byte {
	var b strings.Builder
	b.WriteString("# Configuration of hashlease. Flags come before environment variables\n" +
		"# (HASHLEASE_SECTION_KEY), those before this file, and this file before\n" +
		"# the defaults, which are the values here.\n")
	section := ""
	for _, k := range c.keys() {
		if k.section != section {
			section = k.section
			b.WriteString("\n")
			comment(&b, sectionDoc(section))
			fmt.Fprintf(&b, "[%s]\n", section)
		}
		b.WriteString("\n")
		comment(&b, k.doc)
		fmt.Fprintf(&b, "%s = %s\n", k.name, k.toml())
	}
	return []byte(b.String())
}

func sectionDoc(name string) string {
	for f := range reflect.TypeFor[config]().Fields() {
		if f.Tag.Get("toml") == name {
			return f.Tag.Get("doc")
		}
	}
	return ""
}

// comment writes text as comment lines of at most 78 characters.
func comment(b *strings.Builder, text string) {
	line := "#"
	for word := range strings.FieldsSeq(text) {
		if len(line)+1+len(word) > 78 {
			b.WriteString(line + "\n")
			line = "#"
		}
		line += " " + word
	}
	b.WriteString(line + "\n")
}
