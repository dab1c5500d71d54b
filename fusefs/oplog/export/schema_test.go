package export

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"vitrine/fusefs/oplog"
)

// TestTraceMatchesTheSchema has a validator that is not ours compare traces with a schema of the Trace Event Format. Perfetto's
// trace processor comes from no registry that the tests could install it from. What opens such files in Chromium, the trace
// model of its DevTools (devtools://devtools/bundled/models/trace/trace.js in version 156), was given a trace of 5,195 operations
// by 1,212 processes in 2,181 tracks by hand, and found them all.
func TestTraceMatchesTheSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("testdata/trace-event.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, broken := range []string{
		`{"name":"read","cat":"read","ph":"X","ts":1,"pid":1,"tid":1,"args":{}}`,          // no duration
		`{"name":"read","cat":"read","ph":"X","ts":1,"dur":-1,"pid":1,"tid":1,"args":{}}`, // a negative one
		`{"name":"read","cat":"read","ph":"X","ts":"1","dur":1,"pid":1,"tid":1,"args":{}}`,
		`{"name":"process_name","ph":"M","pid":1,"args":{"name":""}}`,
	} {
		document, err := jsonschema.UnmarshalJSON(strings.NewReader(`{"traceEvents":[` + broken + `]}`))
		if err == nil && schema.Validate(document) == nil {
			t.Errorf("the schema lets %s pass", broken)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		events := randomEvents(t)
		for i := range events {
			if i%5 == 4 {
				events[i].Seq, events[i].Flags = 0, oplog.InFlight
			}
		}
		var b bytes.Buffer
		if err := Trace(&b, slices.Values(events)); err != nil {
			t.Fatal(err)
		}
		document, err := jsonschema.UnmarshalJSON(&b)
		if err == nil {
			err = schema.Validate(document)
		}
		if err != nil {
			t.Fatalf("%v in the trace of %+v", err, events)
		}
	})
}
