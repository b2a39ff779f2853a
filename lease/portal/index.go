package portal

// indexText is the page at /.
const indexText = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>hashlease: {{.Origin}}</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; }
h2 { font-size: 1.1rem; margin-top: 2rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
code { overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; padding: .75rem 1rem; border: 1px solid #8886; border-radius: 6px; }
dt { font-weight: 600; margin-top: .75rem; }
dd { margin: 0; }
</style>
</head>
<body>
<h1>Transparency log <code>{{.Origin}}</code></h1>
<p>Every fact that this provider's statements rest on is a leaf of one log that can only grow.
Nothing here needs to be trusted: tenants check their statements against it, and anybody may watch it.</p>
<dl>
<dt>Verifier key{{if .Rotations}} that the log began with{{end}}</dt>
<dd><code>{{.Key}}</code><br>Compare it with what the provider gave you by another way.</dd>
{{if .Rotations}}<dt>Changes of the key</dt>
<dd>{{.Rotations}}, <a href="log/keys.jsonl">each signed for by the key before</a></dd>
{{end}}<dt>Last checkpoint</dt>
<dd>{{if .Signed}}<a href="log/checkpoint">{{.N}} leaves</a>, root <code>{{.Root}}</code>{{else}}nothing has been signed yet{{end}}</dd>
</dl>
{{if .Verifier}}<h2>Check a bundle</h2>
<p><a href="verify/">The verifier</a> checks a statement's bundle in this browser; nothing is uploaded.</p>
{{end}}<h2>Watch the log</h2>
<p>Checkpoint and tiles are below <code>/log/</code>, in the form of C2SP tlog-tiles.
A witness remembers what it saw, and refuses whatever does not begin with it (URL is this page's address):</p>
<pre>hashlease witness --of URL/log --key '{{.Key}}'</pre>
<p>An auditor reads all leaves and adds up what they say:</p>
<pre>hashlease log check URL/log --key '{{.Key}}'</pre>
</body>
</html>
`
