package main

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"sync"
)

// screen is a terminal with a view at its bottom that is redrawn in place,
// while what is written to it scrolls by above. It is safe for concurrent
// use.
type screen struct {
	w    io.Writer
	term terminal

	mu    sync.Mutex
	view  []viewLine
	drawn int // lines of the view on the terminal
}

// viewLine is one line of a view, styled as a whole; see terminal.style.
type viewLine struct{ text, style string }

func newScreen(w io.Writer, t terminal) *screen { return &screen{w: w, term: t} }

// logger writes above the view. Where there is a view, it shows the ordinary
// course of things, and only what is not ordinary is logged.
func (s *screen) logger(format string) *slog.Logger {
	if s.term.redraw {
		return logger(s, format, slog.LevelWarn)
	}
	return logger(s, format, slog.LevelInfo)
}

// Write prints p above the view.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.drawn == 0 {
		return s.w.Write(p)
	}
	var b bytes.Buffer
	s.erase(&b)
	b.Write(p)
	s.render(&b)
	_, err := s.w.Write(b.Bytes())
	return len(p), err
}

// show replaces the view. Where the cursor cannot be moved it does nothing.
func (s *screen) show(view []viewLine) {
	if !s.term.redraw {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.view = view
	var b bytes.Buffer
	s.erase(&b)
	s.render(&b)
	s.w.Write(b.Bytes()) // a terminal that is gone shows nothing, which is no reason to stop
}

// clear takes the view away.
func (s *screen) clear() { s.show(nil) }

func (s *screen) erase(b *bytes.Buffer) {
	if s.drawn > 0 {
		fmt.Fprintf(b, "\x1b[%dA\r\x1b[J", s.drawn)
	}
	s.drawn = 0
}

// render draws as much of the view as the terminal holds without scrolling.
func (s *screen) render(b *bytes.Buffer) {
	columns, lines := s.term.size()
	view := s.view
	if most := max(1, lines-1); len(view) > most {
		rest := len(view) - most + 1
		view = append(view[:most-1:most-1], viewLine{text: fmt.Sprintf("… %d more lines", rest)})
	}
	for _, l := range view {
		text := []rune(l.text)
		if len(text) >= columns {
			text = append(text[:max(0, columns-2)], '…')
		}
		line := string(text)
		if l.style != "" {
			line = s.term.style(l.style, line)
		}
		b.WriteString(line + "\n")
	}
	s.drawn = len(view)
}
