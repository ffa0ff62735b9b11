// A request and a response as the handlers see them: no sockets, no HTTP library. Values.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace countersign::api {

/// Which listener a request came in on; each serves its own routes with its own credential.
enum class Door {
    Agent,   ///< Unix socket for agents: session tokens
    People,  ///< Unix socket for people: the operator token
    Browser  ///< loopback TCP for people: the operator token, and a browser's safety rules
};

enum class Method { Get, Post };

struct Request {
    Door door = Door::Agent;
    Method method = Method::Get;
    std::string target;         ///< as sent: path and query
    std::string authorization;  ///< header value; empty: none
    std::string host;
    std::string origin;      ///< empty: none
    std::string fetch_site;  ///< Sec-Fetch-Site; empty: none
    std::string content_type;
    std::string idempotency_key;
    std::string body;
    /// Who connected, as the kernel says; 0: unknown, or not seen from here.
    int process_id = 0;
};

struct Response {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    bool close = false;  ///< the connection is not to be used again
};

/// What a handler leaves for after the gate has settled: only then is the answer true.
struct Reply {
    /// Builds the answer. Called once, or again when a wait ends.
    std::function<Response()> finish;
    /// When not empty: while this action is open, wait for it up to `wait` before finish().
    std::string wait_action;
    Duration wait{};
    bool stream = false;  ///< becomes a stream of events; finish is not used
};

}  // namespace countersign::api
