#include "api/connection.h"

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "api/problem.h"
#include "base/limits.h"

namespace countersign::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr std::uint32_t kHeaderBytesMax = 16 * 1024;
/// A kept connection may be silent for so long between two requests.
constexpr std::chrono::seconds kIdleTime(300);
/// From a request's first byte to the end of its header, and from there to the end of its body
/// (slow loris: a peer that drips bytes holds a connection no longer than this).
constexpr std::chrono::seconds kHeaderTime(10);
constexpr std::chrono::seconds kBodyTime(30);
constexpr std::chrono::seconds kWriteTime(30);
constexpr std::chrono::seconds kBeatTime(15);
constexpr std::size_t kReadBytes = 16 * 1024;

std::string text_of(beast::string_view text) {
    return {text.data(), text.size()};
}

std::string field(const http::request<http::string_body>& message, http::field name) {
    const auto found = message.find(name);
    return found == message.end() ? std::string() : text_of(found->value());
}

std::string field(const http::request<http::string_body>& message, beast::string_view name) {
    const auto found = message.find(name);
    return found == message.end() ? std::string() : text_of(found->value());
}

/// How often a header stands: twice is a way to make two readers disagree.
bool repeated(const http::request<http::string_body>& message, http::field name) {
    return message.count(name) > 1;
}

}  // namespace

Connection::Connection(Stream stream, Door door, Desk& desk)
    : stream_(std::move(stream)), door_(door), desk_(desk) {}

Connection::~Connection() {
    desk_.closed(door_);
}

void Connection::close() {
    beast::error_code ignored;
    stream_.socket().shutdown(asio::socket_base::shutdown_both, ignored);
    stream_.close();
}

void Connection::wait_for_request() {
    parser_.reset();
    if (buffer_.size() > 0) {
        return read_header();
    }
    stream_.expires_after(kIdleTime);
    stream_.async_read_some(
        buffer_.prepare(kReadBytes),
        [self = shared_from_this()](const beast::error_code& failure, std::size_t bytes) {
            if (failure) {
                return self->close();
            }
            self->buffer_.commit(bytes);
            self->read_header();
        });
}

void Connection::read_header() {
    parser_.emplace();
    parser_->header_limit(kHeaderBytesMax);
    parser_->body_limit(limits::kRequestBodyBytesMax);
    stream_.expires_after(kHeaderTime);
    http::async_read_header(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](const beast::error_code& failure, std::size_t) {
            if (failure) {
                return self->refuse(failure);
            }
            self->continue_body();
        });
}

void Connection::continue_body() {
    if (parser_->is_done()) {
        return deliver();
    }
    if (!beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
        return read_body();
    }
    // Curl asks before it sends a large body.
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    stream_.expires_after(kWriteTime);
    asio::async_write(stream_, asio::buffer(kContinue.data(), kContinue.size()),
                      [self = shared_from_this()](const beast::error_code& failure, std::size_t) {
                          if (failure) {
                              return self->close();
                          }
                          self->read_body();
                      });
}

void Connection::read_body() {
    stream_.expires_after(kBodyTime);
    http::async_read(stream_, buffer_, *parser_,
                     [self = shared_from_this()](const beast::error_code& failure, std::size_t) {
                         if (failure) {
                             return self->refuse(failure);
                         }
                         self->deliver();
                     });
}

void Connection::deliver() {
    stream_.expires_never();
    const auto& message = parser_->get();
    const bool known = message.method() == http::verb::get || message.method() == http::verb::post;
    if (!known || message.version() != 11) {
        Response response = problem(
            Error(ErrorCode::InvalidArgument, "only GET and POST of HTTP/1.1 are served"), 405);
        response.close = true;
        return respond(std::move(response));
    }
    if (repeated(message, http::field::host) || repeated(message, http::field::authorization) ||
        repeated(message, http::field::content_length)) {
        Response response = problem(Error(ErrorCode::Malformed, "a header stands twice"));
        response.close = true;
        return respond(std::move(response));
    }
    Request request;
    request.door = door_;
    request.method = message.method() == http::verb::get ? Method::Get : Method::Post;
    request.target = text_of(message.target());
    request.authorization = field(message, http::field::authorization);
    request.host = field(message, http::field::host);
    request.origin = field(message, http::field::origin);
    request.fetch_site = field(message, "Sec-Fetch-Site");
    request.content_type = field(message, http::field::content_type);
    request.idempotency_key = field(message, "Idempotency-Key");
    request.body = std::move(parser_->get().body());
    desk_.request(shared_from_this(), request);
}

void Connection::refuse(const beast::error_code& failure) {
    Response response;
    response.close = true;
    if (failure == http::error::body_limit) {
        response = problem(Error(ErrorCode::LimitExceeded, "the body is larger than 8 MiB"));
    } else if (failure == http::error::header_limit || failure == http::error::buffer_overflow) {
        response =
            problem(Error(ErrorCode::LimitExceeded, "the header is larger than 16 KiB"), 431);
    } else if (failure == beast::error::timeout || failure == http::error::end_of_stream ||
               failure == http::error::partial_message ||
               failure.category() != http::make_error_code(http::error::bad_method).category()) {
        return close();
    } else {
        response = problem(Error(ErrorCode::Malformed, "that is not HTTP: " + failure.message()));
    }
    response.close = true;
    respond(std::move(response));
}

void Connection::respond(Response response) {
    if (watching_) {
        watching_ = false;
        beast::error_code ignored;
        stream_.socket().cancel(ignored);
    }
    Message message(static_cast<http::status>(response.status), 11);
    message.set(http::field::cache_control, "no-store");
    message.set("X-Content-Type-Options", "nosniff");
    const bool client_keeps = parser_ && parser_->is_done() && parser_->get().keep_alive();
    message.keep_alive(client_keeps && !response.close);
    if (response.status != 204) {
        message.set(http::field::content_type, response.content_type);
        message.body() = std::move(response.body);
        message.content_length(message.body().size());
    }
    write(std::move(message));
}

void Connection::write(Message message) {
    message_.emplace(std::move(message));
    stream_.expires_after(kWriteTime);
    http::async_write(stream_, *message_,
                      [self = shared_from_this()](const beast::error_code& failure, std::size_t) {
                          const bool keep = self->message_->keep_alive();
                          self->message_.reset();
                          if (failure || !keep) {
                              return self->close();
                          }
                          self->wait_for_request();
                      });
}

void Connection::watch_peer() {
    watching_ = true;
    stream_.socket().async_wait(asio::socket_base::wait_read,
                                [self = shared_from_this()](const beast::error_code& failure) {
                                    if (failure || !self->watching_) {
                                        return;
                                    }
                                    self->watching_ = false;
                                    beast::error_code problem;
                                    // Bytes that came are a next request, which waits; none means
                                    // that the peer closed.
                                    if (self->stream_.socket().available(problem) == 0 || problem) {
                                        self->desk_.gone(self);
                                        self->close();
                                    }
                                });
}

void EventStream::start() {
    enqueue(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n: countersign\n\n");
    beat();
}

void EventStream::send(std::string_view type, std::string_view data) {
    enqueue("event: " + std::string(type) + "\ndata: " + std::string(data) + "\n\n");
}

void EventStream::close() {
    open_ = false;
    beat_.cancel();
    stream_.close();
}

void EventStream::enqueue(std::string text) {
    if (!open_) {
        return;
    }
    if (queued_ + text.size() > kQueuedBytesMax) {
        return close();
    }
    queued_ += text.size();
    queue_.push_back(std::move(text));
    write_next();
}

void EventStream::write_next() {
    if (writing_ || queue_.empty() || !open_) {
        return;
    }
    writing_ = true;
    stream_.expires_after(kWriteTime);
    asio::async_write(stream_, asio::buffer(queue_.front()),
                      [self = shared_from_this()](const beast::error_code& failure, std::size_t) {
                          self->writing_ = false;
                          if (failure) {
                              return self->close();
                          }
                          self->queued_ -= self->queue_.front().size();
                          self->queue_.pop_front();
                          self->stream_.expires_never();
                          self->write_next();
                      });
}

// A comment now and then finds out that the peer is gone, and keeps proxies from closing.
void EventStream::beat() {
    beat_.expires_after(kBeatTime);
    beat_.async_wait([self = shared_from_this()](const beast::error_code& failure) {
        if (failure || !self->open_) {
            return;
        }
        self->enqueue(": beat\n\n");
        self->beat();
    });
}

}  // namespace countersign::api
