package render

import (
	"bytes"
	_ "embed" // the page
	"fmt"
	"html/template"

	"github.com/hashlease/hashlease/lease/bundle"
)

//go:embed page.tmpl
var pageTemplate string

//go:embed page.css
var pageStyle string

// HTML writes the statement as one page that needs nothing else: no network,
// no script. It is light or dark as its reader likes, and light on paper.
func HTML(s *bundle.Statement, d *bundle.Derived, x Context) ([]byte, error) {
	x, err := x.check(s, d)
	if err != nil {
		return nil, err
	}
	return newSheet(s, d, x).htmlForm()
}

// htmlForm draws the sheet.
func (sh *sheet) htmlForm() ([]byte, error) {
	t, err := template.New("page").Parse(pageTemplate)
	if err != nil {
		return nil, fmt.Errorf("render: page: %w", err)
	}
	var b bytes.Buffer
	page := struct {
		*sheet
		Style template.CSS
	}{sh, template.CSS(pageStyle)}
	if err := t.Execute(&b, page); err != nil {
		return nil, fmt.Errorf("render: page: %w", err)
	}
	return b.Bytes(), nil
}
