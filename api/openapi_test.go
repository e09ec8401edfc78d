package api

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

func loadDocument(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatalf("the document is no valid OpenAPI: %v", err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.0.") {
		t.Fatalf("OpenAPI %s: clients of OGC API read 3.0", doc.OpenAPI)
	}
	return doc
}

// TestDocumentAndRoutesAgree holds the route table and the document together:
// neither has a route that the other lacks.
func TestDocumentAndRoutesAgree(t *testing.T) {
	doc := loadDocument(t)
	parameter := regexp.MustCompile(`:([a-z]+)`)
	routed := map[string]bool{}
	for _, r := range demoServer(t).table {
		path := strings.Replace(parameter.ReplaceAllString(r.Path, "{$1}"), "*", "{path}", 1)
		routed[r.Method+" "+path] = true
	}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			if !routed[method+" "+path] {
				t.Errorf("%s %s is described and not routed", method, path)
			}
			delete(routed, method+" "+path)
		}
	}
	for r := range routed {
		t.Errorf("%s is routed and not described", r)
	}
}

// TestAnswersFitTheDocument asks every GET route, and the errors of some, and holds
// each answer against the document.
func TestAnswersFitTheDocument(t *testing.T) {
	doc := loadDocument(t)
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	openapi3filter.RegisterBodyDecoder("application/geo+json", openapi3filter.JSONBodyDecoder)
	openapi3filter.RegisterBodyDecoder("application/vnd.oai.openapi+json", openapi3filter.JSONBodyDecoder)
	s := demoServer(t)
	cell, town := firstItem(t, s, "cells"), firstItem(t, s, "towns")
	for _, path := range []string{
		"/?f=json", "/conformance", "/api", "/collections", "/collections/cells", "/collections/cells/items?limit=3",
		"/collections/facilities/items?bbox=118.8,28.9,119,29.1&limit=2", "/collections/cells/items/" + cell, "/tiles/towns,units,cells.json",
		"/tiles/cells.json?datum=gcj02", "/style.json", "/locate?lon=118.9&lat=29", "/locate?lon=100&lat=30", "/standards",
		"/nearest?lon=118.9&lat=29&kind=dining&limit=3", "/nearest?lon=118.9&lat=29&collection=cells&radius=500", "/nearest?lon=118.9&lat=29&collection=units&datum=gcj02", "/nearest",
		"/towns/" + town + "/compliance", "/towns/" + town + "/compliance/changes?since=2020-01-01T00:00:00Z", "/compliance", "/compliance?sortby=-residents", "/compliance?sortby=colour",
		"/standards/zhejiang-2015", "/standards/nothing", "/uploads", "/versions", "/versions?collection=cells&division=330890", "/healthz", "/readyz",
		"/locate", "/locate?lon=NaN&lat=1", "/collections/nothing", "/collections/cells/items/nothing", "/towns/nothing/compliance",
		"/uploads/nothing", "/versions/nothing", "/collections/cells/items?limit=0", "/tiles/nothing.json",
	} {
		t.Run(path, func(t *testing.T) { validated(t, router, s, httptest.NewRequest(http.MethodGet, path, nil)) })
	}
}

// validated sends a request and holds the answer against the document.
func validated(t *testing.T, router routers.Router, s http.Handler, req *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	req.Host = "127.0.0.1"
	rec := httptest.NewRecorder()
	s.ServeHTTP(rec, req)
	find := req.Clone(context.Background())
	find.URL = &url.URL{Path: req.URL.Path, RawQuery: req.URL.RawQuery}
	route, params, err := router.FindRoute(find)
	if err != nil {
		t.Fatalf("%s: %v", req.URL, err)
	}
	in := &openapi3filter.RequestValidationInput{Request: find, PathParams: params, Route: route}
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: rec.Code, Header: rec.Header(), Body: io.NopCloser(bytes.NewReader(rec.Body.Bytes())),
		Options: &openapi3filter.Options{IncludeResponseStatus: true},
	})
	if err != nil {
		t.Errorf("%d %.300s: %v", rec.Code, rec.Body, err)
	}
	return rec
}
