// One HTTP connection and one event stream, as server.cc holds them. Private to api/: the only
// header that names Asio and Beast.
//
// Both live as shared_ptr, since an asynchronous operation keeps its object alive until its handler
// has run, whoever else has let go of it by then.
#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "api/message.h"

namespace countersign::api {

using Stream = boost::beast::basic_stream<boost::asio::generic::stream_protocol>;

class Connection;

/// Where a connection brings what it read. The server is one.
class Desk {
public:
    virtual ~Desk() = default;
    /// A whole request; respond() is called on the connection later.
    virtual void request(const std::shared_ptr<Connection>& connection, const Request& request) = 0;
    /// The peer went away while it waited for an answer.
    virtual void gone(const std::shared_ptr<Connection>& connection) = 0;
    virtual void closed(Door door) = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(Stream stream, Door door, Desk& desk);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void start() { wait_for_request(); }
    void respond(Response response);
    /// Tells the desk when the peer closes before the answer is there.
    void watch_peer();
    /// Gives the stream away, for events.
    Stream take_stream() { return std::move(stream_); }
    void close();
    [[nodiscard]] Door door() const { return door_; }

private:
    using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
    using Message = boost::beast::http::response<boost::beast::http::string_body>;

    void wait_for_request();
    void read_header();
    void read_body();
    void continue_body();
    void deliver();
    void refuse(const boost::beast::error_code& failure);
    void write(Message message);

    Stream stream_;
    Door door_;
    Desk& desk_;
    boost::beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    std::optional<Message> message_;
    bool watching_ = false;
};

/// Server-sent events (WHATWG HTML, section 9.2). Ends when the peer goes or does not keep up.
class EventStream : public std::enable_shared_from_this<EventStream> {
public:
    static constexpr std::size_t kQueuedBytesMax = 4 * 1024 * 1024;

    explicit EventStream(Stream stream)
        : stream_(std::move(stream)), beat_(stream_.get_executor()) {}
    void start();
    void send(std::string_view type, std::string_view data);
    [[nodiscard]] bool open() const { return open_; }
    void close();

private:
    void enqueue(std::string text);
    void write_next();
    void beat();

    Stream stream_;
    boost::asio::steady_timer beat_;
    std::deque<std::string> queue_;
    std::size_t queued_ = 0;
    bool writing_ = false;
    bool open_ = true;
};

}  // namespace countersign::api
