package api

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestQuickAnswersAreTheSame asks the same again, which is answered without the router, and holds
// status, headers and body against the answer of the router.
func TestQuickAnswersAreTheSame(t *testing.T) {
	s := emptyServer(t, Config{})
	publishCells(t, s, 0, testCell{"C1", 118.9, 29})
	path := "/tiles/cells" + tileAt(12, 118.905, 29.005)
	etag := get(t, s, path, http.StatusOK, "Accept-Encoding", "br").Header().Get("ETag")
	ask := func(header ...string) (slow, quick *httptest.ResponseRecorder) {
		t.Helper()
		for i, rec := range []**httptest.ResponseRecorder{&slow, &quick} {
			req := httptest.NewRequest(http.MethodGet, path, nil)
			for k := 0; k+1 < len(header); k += 2 {
				req.Header.Set(header[k], header[k+1])
			}
			*rec = httptest.NewRecorder()
			if i == 0 {
				s.handler.ServeHTTP(*rec, req)
			} else if !s.answerQuickly(*rec, req) {
				t.Fatalf("%v is not answered quickly", header)
			}
		}
		return slow, quick
	}
	for _, header := range [][]string{
		{}, {"Accept-Encoding", "gzip"}, {"Accept-Encoding", "br"}, {"Accept-Encoding", "br", "If-None-Match", `"x"`}, {"Accept-Encoding", "br", "If-None-Match", etag},
		{"Accept-Encoding", "gzip", "If-None-Match", etag}, {"Origin", "https://map.example"}, {"Accept-Encoding", "br", "If-None-Match", "*"},
	} {
		slow, quick := ask(header...)
		if slow.Code != quick.Code || slow.Body.String() != quick.Body.String() {
			t.Errorf("%v: %d with %d bytes, quickly %d with %d", header, slow.Code, slow.Body.Len(), quick.Code, quick.Body.Len())
		}
		if diff := cmp.Diff(slow.Header(), quick.Header()); diff != "" {
			t.Errorf("%v: %s", header, diff)
		}
	}
	// Another method, another question, and another snapshot go the long way.
	for _, req := range []*http.Request{
		httptest.NewRequest(http.MethodHead, path, nil), httptest.NewRequest(http.MethodPost, path, nil), httptest.NewRequest(http.MethodGet, path+"?datum=bd09", nil),
		httptest.NewRequest(http.MethodGet, "/collections", nil),
	} {
		if s.answerQuickly(httptest.NewRecorder(), req) {
			t.Errorf("%s %s is answered quickly", req.Method, req.URL)
		}
	}
	before := get(t, s, path, http.StatusOK).Body.String()
	publishCells(t, s, 1, testCell{"C1", 118.901, 29})
	if after := get(t, s, path, http.StatusOK); after.Body.String() == before {
		t.Error("the old tile is answered quickly after a publication")
	}
}
