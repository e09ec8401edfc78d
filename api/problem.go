package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/labstack/echo/v4"

	"towngrid/data"
	"towngrid/geo"
)

// Problem is the body of every error (RFC 9457).
type Problem struct {
	Type       string          `json:"type"`
	Title      string          `json:"title"`
	Status     int             `json:"status"`
	Detail     string          `json:"detail"`
	Code       string          `json:"code"`
	Violations []violationView `json:"violations,omitempty"`
}

// statuses is the one place that turns the code of an error into an HTTP status.
// A geo.Error whose code is not here is the caller's bad input: 400.
func statuses(code string) int {
	switch code {
	case "unknown_collection", "not_public", "unknown_feature", "unknown_town", "unknown_standard", "unknown_parcel", "unknown_division", "no_such_tile", "no_such_tile_matrix_set", "not_found", "no_such_route":
		return http.StatusNotFound
	case "method_not_allowed":
		return http.StatusMethodNotAllowed
	case "conflict", "file_elsewhere":
		return http.StatusConflict
	case "cursor_expired", "version_lost":
		return http.StatusGone
	case "upload_too_large", "form_too_large", "too_large", "zip_bomb", "too_many_entries", "too_many_features", "too_many_vertices", "too_many_fields", "too_many_refusals", "record_too_large", "line_too_long":
		return http.StatusRequestEntityTooLarge
	case "body_too_slow":
		return http.StatusRequestTimeout
	case "unsupported_media_type":
		return http.StatusUnsupportedMediaType
	case "not_acceptable":
		return http.StatusNotAcceptable
	case "key_required":
		return http.StatusUnauthorized
	case "cross_origin":
		return http.StatusForbidden
	case "busy", "draining", "store_unavailable", "too_many_listeners", "too_many_batches":
		return http.StatusServiceUnavailable
	case "no_space":
		return http.StatusInsufficientStorage
	case "internal_error":
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// known turns any error into one that can be shown. What is no matter of the
// caller's becomes internal_error, and its cause stays in the log.
func known(err error) *geo.Error {
	var shown *geo.Error
	var echoed *echo.HTTPError
	var conflict *data.ConflictError
	var state *data.StateError
	switch {
	case errors.As(err, &shown):
		return shown
	case errors.As(err, &conflict):
		who := winner(conflict.Winner)
		return geo.Errorf("conflict",
			"当前已发布的版本号是 %[1]d%[3]s，而请求所依据的是 %[2]d；请先以 base=%[1]d 比较差异再发布", "number %[1]d is live now%[4]s, and the request was made from %[2]d; compare with base=%[1]d before publishing",
			conflict.Live, conflict.Base, who.ZH, who.EN)
	case errors.As(err, &state):
		return stateError(state)
	case errors.Is(err, data.ErrConflict):
		return geo.Errorf("conflict", "对象的当前状态不允许此操作；请刷新后重试", "the thing is not in the state that this needs; look again and retry")
	case errors.Is(err, data.ErrNotFound):
		return geo.Errorf("not_found", "没有这个编号的对象", "there is nothing of this ID")
	case errors.Is(err, data.ErrBusy):
		return geo.Errorf("busy", "同时上传的文件过多，请稍后重试", "too many uploads at once; try again in a moment")
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return geo.Errorf("busy", "服务同时打开的连接和文件过多，请稍后重试", "the service has as many connections and files open as it may; try again in a moment")
	case errors.Is(err, data.ErrUnavailable):
		return geo.Errorf("store_unavailable", "数据库暂时无法访问；查询不受影响，请稍后重试此操作", "the database cannot be reached at the moment; reads go on, try this again shortly")
	case errors.Is(err, data.ErrFull):
		return geo.Errorf("no_space", "服务器磁盘已满，未保存任何内容；请联系管理员", "the server's disk is full and nothing was kept; tell the operator")
	case errors.As(err, &echoed):
		return routeError(echoed.Code)
	}
	return geo.Errorf("internal_error", "服务内部错误；请稍后重试或联系管理员", "the service failed; try again later or tell the operator")
}

// stateError says in which state an upload is, and what can be done about it.
func stateError(e *data.StateError) *geo.Error {
	todo := map[data.UploadState]geo.Text{
		data.UploadReceived:    {ZH: "请等待其处理完毕（进度见 /events）", EN: "wait until it has been read (…/events tells)"},
		data.UploadNeedsChoice: {ZH: "请先用 PATCH 回答其 question", EN: "answer its question by PATCH first"},
		data.UploadDraft:       {ZH: "草稿可发布或放弃", EN: "a draft can be published or discarded"},
		data.UploadRefused:     {ZH: "原因见其 violations；请改正文件后重新上传", EN: "its violations tell why; mend the file and upload it again"},
		data.UploadPublished:   {ZH: "已发布的内容见 /versions", EN: "what is published is under /versions"},
		data.UploadDiscarded:   {ZH: "请重新上传", EN: "upload the file again"},
	}
	state := e.State
	if !state.Settled() {
		state = data.UploadReceived
	}
	return geo.Errorf("conflict", "上传 %[1]s 的状态是 %[2]s，不能进行此操作；%[3]s", "upload %[1]s is %[2]s, which does not allow this; %[4]s", e.ID, e.State, todo[state].ZH, todo[state].EN)
}

// winner says who published a version, and when, as far as that is known.
func winner(v geo.Version) geo.Text {
	if v.ID == "" {
		return geo.Text{}
	}
	when := v.Published.UTC().Format(time.RFC3339)
	if v.Author == "" {
		return geo.Textf("（%s 发布，版本 %s）", ", published at %s as version %s", when, v.ID)
	}
	return geo.Textf("（%s 由 %.60s 发布，版本 %s）", ", published at %s by %.60s as version %s", when, v.Author, v.ID)
}

// routeError is the router's own refusal in our words.
func routeError(status int) *geo.Error {
	switch status {
	case http.StatusNotFound:
		return geo.Errorf("no_such_route", "没有这个地址；接口说明见 /api", "there is nothing at this address; /api describes the routes")
	case http.StatusMethodNotAllowed:
		return geo.Errorf("method_not_allowed", "此地址不支持该请求方法；接口说明见 /api", "this address does not take that method; /api describes the routes")
	case http.StatusRequestEntityTooLarge:
		return geo.Errorf("too_large", "请求内容过大", "the request's body is too large")
	case http.StatusUnsupportedMediaType:
		return geo.Errorf("unsupported_media_type", "不支持该内容类型", "this content type is not read here")
	}
	return geo.Errorf("bad_request", "请求无法理解；接口说明见 /api", "the request is not understood; /api describes the routes")
}

// title is what a status says in a few words.
func title(status int) geo.Text {
	zh := map[int]string{
		http.StatusBadRequest: "请求有误", http.StatusUnauthorized: "需要密钥", http.StatusForbidden: "不允许", http.StatusNotFound: "没有找到",
		http.StatusMethodNotAllowed: "不支持该方法", http.StatusNotAcceptable: "没有所要的格式", http.StatusRequestTimeout: "请求超时",
		http.StatusConflict: "冲突", http.StatusGone: "已失效", http.StatusRequestEntityTooLarge: "内容过大",
		http.StatusUnsupportedMediaType: "不支持该内容类型", http.StatusInternalServerError: "服务内部错误",
		http.StatusServiceUnavailable: "暂时不可用", http.StatusInsufficientStorage: "磁盘已满",
	}[status]
	if zh == "" {
		zh = http.StatusText(status)
	}
	return geo.Text{ZH: zh, EN: http.StatusText(status)}
}

// fail writes err as a problem. It is Echo's error handler, so every handler
// simply returns its error. After the first byte of an answer nothing can be said any more:
// it is broken off, so that nobody takes it for whole.
func (s *Server) fail(err error, c echo.Context) {
	if c.Response().Committed {
		if !errors.Is(err, context.Canceled) {
			s.log.Warn("an answer broke off", "path", c.Path(), "cause", err)
		}
		panic(http.ErrAbortHandler)
	}
	shown := known(err)
	status := statuses(shown.Code)
	// Turning away is no failure, and must not flood the log; the metrics count it.
	if status >= 500 && status != http.StatusServiceUnavailable && !errors.Is(err, context.Canceled) {
		s.log.Error("request failed", "method", c.Request().Method, "route", c.Path(), "cause", err)
	}
	lang := language(c.Request())
	body, merr := marshal(Problem{
		Type: "about:blank", Title: title(status).In(lang), Status: status,
		Detail: shown.Text.In(lang), Code: shown.Code, Violations: violationViews(shown.Violations, lang),
	})
	if merr != nil {
		s.log.Error("a problem could not be written", "cause", merr)
		status, body = http.StatusInternalServerError, []byte(`{"type":"about:blank","title":"Internal Server Error","status":500,"code":"internal_error"}`)
	}
	h := c.Response().Header()
	h.Del("ETag") // of the answer that there would have been
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Language", lang)
	switch status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="towngrid"`)
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", strconv.Itoa(2))
	}
	if err := c.Blob(status, "application/problem+json", body); err != nil {
		s.log.Warn("a problem could not be sent", "cause", err)
	}
}

// violationView is a violation in one language.
type violationView struct {
	Check    string       `json:"check"`
	Severity geo.Severity `json:"severity"`
	File     string       `json:"file,omitempty"`
	Record   *int         `json:"record"`
	Part     *int         `json:"part"`
	Vertex   *int         `json:"vertex"`
	Lon      *float64     `json:"lon"`
	Lat      *float64     `json:"lat"`
	Message  string       `json:"message"`
	Fix      string       `json:"fix,omitempty"`
}

func violationViews(vs []geo.Violation, lang string) []violationView {
	out := make([]violationView, len(vs))
	for i, v := range vs {
		out[i] = violationView{
			Check: v.Check, Severity: v.Severity, File: v.File,
			Record: counted(v.Record), Part: counted(v.Part), Vertex: counted(v.Vertex),
			Message: v.Message.In(lang), Fix: v.Fix.In(lang),
		}
		if v.Placed() {
			out[i].Lon, out[i].Lat = &v.Lon, &v.Lat
		}
	}
	return out
}

func counted(n int) *int {
	if n == geo.None {
		return nil
	}
	return &n
}
