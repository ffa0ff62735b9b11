#include "api/connection.h"

#include <array>
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

/// RFC 9112, section 4 to 6. No header holds anything that a request brought.
std::string print(const Response& response, bool keep) {
    const beast::string_view reason =
        http::obsolete_reason(http::int_to_status(static_cast<unsigned>(response.status)));
    std::string out;
    out.reserve(response.body.size() + 256);
    out += "HTTP/1.1 ";
    out += std::to_string(response.status);
    out += ' ';
    out.append(reason.data(), reason.size());
    out += "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
    if (!keep) {
        out += "Connection: close\r\n";
    }
    if (response.status != 204) {
        out += "Content-Type: ";
        out += response.content_type;
        out += "\r\nContent-Length: ";
        out += std::to_string(response.body.size());
        out += "\r\n";
    }
    out += "\r\n";
    out += response.status == 204 ? std::string_view() : std::string_view(response.body);
    return out;
}

}  // namespace

Connection::Connection(Socket socket, Door door, int process_id, Desk& desk)
    : socket_(std::move(socket)), door_(door), process_id_(process_id), desk_(desk) {}

Connection::~Connection() {
    desk_.closed(*this);
}

void Connection::close() {
    beast::error_code ignored;
    limit_ = Moment::max();
    socket_.shutdown(asio::socket_base::shutdown_both, ignored);
    socket_.close(ignored);
}

void Connection::allow(std::chrono::seconds time) {
    limit_ = std::chrono::steady_clock::now() + time;
}

void Connection::look(Moment now) {
    if (now > limit_) {
        close();
    }
}

Stream Connection::take_stream() {
    beast::error_code failure;
    const auto end = socket_.local_endpoint(failure);
    Stream::socket_type socket(socket_.get_executor());
    const auto handle = socket_.release(failure);
    if (!failure) {
        socket.assign(end.protocol(), handle, failure);
    }
    return Stream(std::move(socket));
}

void Connection::wait_for_request() {
    parser_.emplace();
    parser_->eager(true);
    parser_->header_limit(kHeaderBytesMax);
    parser_->body_limit(limits::kRequestBodyBytesMax);
    in_body_ = false;
    if (buffer_.size() > 0) {
        allow(kHeaderTime);
        return parse();
    }
    allow(kIdleTime);
    wait_readable();
}

void Connection::wait_readable() {
    socket_.async_wait(asio::socket_base::wait_read,
                       [self = shared_from_this()](const beast::error_code& failure) {
                           if (failure) {
                               return self->close();
                           }
                           self->read();
                       });
}

void Connection::read() {
    beast::error_code failure;
    const std::size_t bytes = socket_.read_some(buffer_.prepare(kReadBytes), failure);
    if (failure == asio::error::would_block) {
        return wait_readable();
    }
    if (failure) {
        return close();
    }
    if (buffer_.size() == 0 && !parser_->got_some()) {
        allow(kHeaderTime);
    }
    buffer_.commit(bytes);
    parse();
}

/// Feeds the parser with what is there. A header that is not whole stays in the buffer.
void Connection::parse() {
    while (!parser_->is_done()) {
        beast::error_code failure;
        buffer_.consume(parser_->put(buffer_.data(), failure));
        if (failure && failure != http::error::need_more) {
            return refuse(failure);
        }
        if (parser_->is_header_done() && !in_body_) {
            in_body_ = true;
            allow(kBodyTime);
            if (!parser_->is_done() &&
                beast::iequals(parser_->get()[http::field::expect], "100-continue")) {
                return continue_body();
            }
        }
        if (failure || buffer_.size() == 0) {
            break;
        }
    }
    parser_->is_done() ? deliver() : wait_readable();
}

void Connection::continue_body() {
    // Curl asks before it sends a large body.
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(socket_, asio::buffer(kContinue.data(), kContinue.size()),
                      [self = shared_from_this()](const beast::error_code& failure, std::size_t) {
                          if (failure) {
                              return self->close();
                          }
                          self->buffer_.size() > 0 ? self->parse() : self->wait_readable();
                      });
}

void Connection::deliver() {
    limit_ = Moment::max();
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
    request.process_id = process_id_;
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
    const bool long_body = failure == http::error::body_limit;
    const bool long_header =
        failure == http::error::header_limit || failure == http::error::buffer_overflow;
    const Error error = long_body ? Error(ErrorCode::LimitExceeded, "the body is larger than 8 MiB")
                        : long_header
                            ? Error(ErrorCode::LimitExceeded, "the header is larger than 16 KiB")
                            : Error(ErrorCode::Malformed, "that is not HTTP: " + failure.message());
    desk_.unfit(*this, error);
    Response response = long_header ? problem(error, 431) : problem(error);
    response.close = true;
    respond(std::move(response));
}

void Connection::respond(Response response) {
    if (watching_) {
        watching_ = false;
        beast::error_code ignored;
        socket_.cancel(ignored);
    }
    const bool keep = parser_->is_done() && parser_->get().keep_alive() && !response.close;
    write(print(response, keep), keep);
}

void Connection::write(std::string text, bool keep) {
    beast::error_code failure;
    const std::size_t sent = socket_.write_some(asio::buffer(text), failure);
    if (failure && failure != asio::error::would_block) {
        return close();
    }
    if (sent == text.size()) {
        return written(keep);
    }
    out_ = std::move(text);
    allow(kWriteTime);
    asio::async_write(
        socket_, asio::buffer(out_.data() + sent, out_.size() - sent),
        [self = shared_from_this(), keep](const beast::error_code& problem, std::size_t) {
            if (problem) {
                return self->close();
            }
            self->out_.clear();
            self->written(keep);
        });
}

void Connection::written(bool keep) {
    keep ? wait_for_request() : close();
}

void Connection::watch_peer() {
    watching_ = true;
    socket_.async_wait(asio::socket_base::wait_read,
                       [self = shared_from_this()](const beast::error_code& failure) {
                           if (failure || !self->watching_) {
                               return;
                           }
                           self->watching_ = false;
                           beast::error_code problem;
                           // Bytes that came are a next request, which waits; none means that the
                           // peer closed.
                           if (self->socket_.available(problem) == 0 || problem) {
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
