package browser

import (
	"archive/zip"
	"bytes"
	"context"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/hashlease/hashlease/lease/portal/verifier"
)

// need returns what the environment must say; make browser sets it.
func need(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: run these tests by make browser", name)
	}
	return value
}

// bundleOf lets a node work for its demo tenants for some seconds, and writes
// the bundle of the first lease.
func bundleOf(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "statement.zip")
	for _, args := range [][]string{
		{"node", "--run-for", "8s"},
		{"statement", "L-0001", "--format", "bundle", "-o", file},
	} {
		c := exec.Command(need(t, "HASHLEASE"), append(args, "--data", filepath.Join(dir, "data"))...)
		c.Env = append(os.Environ(), "HASHLEASE_PORTAL_LISTEN=", "HASHLEASE_STRATUM_LISTEN=")
		c.Dir = dir
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("hashlease %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	return file
}

// tampered copies a zip file with one byte of one of its files changed.
func tampered(t *testing.T, file, name string) string {
	t.Helper()
	r, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == name {
			content[len(content)-1] ^= 1
		}
		size := uint64(len(content))
		to, err := w.CreateRaw(&zip.FileHeader{
			Name: f.Name, CRC32: crc32.ChecksumIEEE(content), CompressedSize64: size, UncompressedSize64: size,
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := to.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	name = filepath.Join(t.TempDir(), "tampered.zip")
	if err := os.WriteFile(name, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// site serves the page as a node does, and remembers what was asked for.
type site struct {
	*httptest.Server
	mu    sync.Mutex
	asked []string
}

func newSite(t *testing.T) *site {
	s := new(site)
	pages := http.StripPrefix("/verify/", verifier.NewHandler())
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.Method+" "+r.URL.String())
		s.mu.Unlock()
		pages.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// open starts a browser with nothing but the site to be reached.
func open(t *testing.T) context.Context {
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(need(t, "CHROMIUM")), chromedp.NoSandbox,
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.WindowSize(1100, 1400))
	ctx, stop := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	return ctx
}

// check gives the page a file and returns its verdict and the whole result.
func check(t *testing.T, ctx context.Context, url, file string) (verdict, result string) {
	t.Helper()
	err := chromedp.Do(ctx, chromedp.Navigate(url),
		chromedp.SetUploadFiles(chromedp.ID("file"), []string{file}, chromedp.NodeReady),
		chromedp.WaitVisible(chromedp.CSS("#go:enabled")),
		chromedp.Click(chromedp.ID("go")),
		chromedp.WaitVisible(chromedp.CSS("#result:not([hidden])")))
	if err != nil {
		t.Fatal(err)
	}
	for selector, text := range map[chromedp.CSS]*string{".verdict h2, .problem": &verdict, "#result": &result} {
		if *text, err = chromedp.Run(ctx, chromedp.Text(selector)); err != nil {
			t.Fatal(err)
		}
	}
	return verdict, result
}

// picture writes what the page looks like, in both themes, where a folder is
// given for that.
func picture(t *testing.T, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv("PICTURES")
	if dir == "" {
		return
	}
	for _, theme := range []string{"light", "dark"} {
		features := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}}}
		target := chromedp.FromContext(ctx).Target
		if _, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, features); err != nil {
			t.Fatal(err)
		}
		image, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+"-"+theme+".png"), image, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A good bundle holds, a bad one does not, and the browser asks for nothing but
// the page's own parts.
func TestPage(t *testing.T) {
	if !verifier.Built() {
		t.Fatal("the verifier is not built: run make verifier")
	}
	good := bundleOf(t)
	s := newSite(t)
	ctx := open(t)
	var mu sync.Mutex
	var elsewhere []string
	err := chromedp.Listen(ctx, func(ev any) {
		if e, ok := ev.(*network.EventRequestWillBeSent); ok && !strings.HasPrefix(e.Request.URL, s.URL+"/verify/") {
			mu.Lock()
			defer mu.Unlock()
			elsewhere = append(elsewhere, e.Request.URL)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	page := s.URL + "/verify/"

	if err := chromedp.Do(ctx, chromedp.Navigate(page)); err != nil {
		t.Fatal(err)
	}
	picture(t, ctx, "empty")

	verdict, result := check(t, ctx, page, good)
	picture(t, ctx, "good")
	if verdict != "It holds, against the key in the file itself" || !strings.Contains(result, "Give your provider’s key") || !strings.Contains(result, "receipts") {
		t.Errorf("a good bundle: %s\n%s", verdict, result)
	}
	verdict, result = check(t, ctx, page, tampered(t, good, "receipts.bin"))
	picture(t, ctx, "bad")
	if !strings.HasPrefix(verdict, "It does not hold") || !strings.Contains(result, "receipts") {
		t.Errorf("a receipt was changed: %s\n%s", verdict, result)
	}
	none := filepath.Join(t.TempDir(), "none.zip")
	if err := os.WriteFile(none, []byte("no zip file"), 0o600); err != nil {
		t.Fatal(err)
	}
	if verdict, result = check(t, ctx, page, none); !strings.HasPrefix(verdict, "It does not hold") || !strings.Contains(result, "form") {
		t.Errorf("no bundle at all: %s\n%s", verdict, result)
	}

	mu.Lock()
	defer mu.Unlock()
	if len(elsewhere) > 0 {
		t.Errorf("the page asked for %q", elsewhere)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, asked := range s.asked {
		if !strings.HasPrefix(asked, "GET /verify/") {
			t.Errorf("the page sent %s", asked)
		}
	}
	for _, part := range []string{"worker.js", "wasm_exec.js", "verifier.wasm", "style.css"} {
		if !slices.Contains(s.asked, "GET /verify/"+part) {
			t.Errorf("%s was not asked for: %q", part, s.asked)
		}
	}
}
