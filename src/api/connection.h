// One HTTP connection and one event stream, as server.cc holds them. Private to api/: the only
// header that names Asio and Beast.
//
// Both live as shared_ptr, since an asynchronous operation keeps its object alive until its handler
// has run, whoever else has let go of it by then.
//
// A connection reads and writes at once whatever the socket takes, and waits only for what it does
// not: an exec is held meanwhile, and each asynchronous step costs it some microseconds. Its time
// limits are one moment each, looked at once a second (Connection::look), not timers of their own.
#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "api/message.h"
#include "base/result.h"

namespace countersign::api {

using Stream = boost::beast::basic_stream<boost::asio::generic::stream_protocol>;
using Socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol,
                                                boost::asio::io_context::executor_type>;
using Moment = std::chrono::steady_clock::time_point;

/// How often the server has its connections look at their limits.
inline constexpr std::chrono::seconds kLookEvery(1);

class Connection;

/// Where a connection brings what it read. The server is one.
class Desk {
public:
    virtual ~Desk() = default;
    /// A whole request; respond() is called on the connection later.
    virtual void request(const std::shared_ptr<Connection>& connection, const Request& request) = 0;
    /// What came was no request; it has been answered.
    virtual void unfit(const Connection& connection, const Error& error) = 0;
    /// The peer went away while it waited for an answer.
    virtual void gone(const std::shared_ptr<Connection>& connection) = 0;
    /// It is being destroyed.
    virtual void closed(Connection& connection) = 0;
};

class Connection : public std::enable_shared_from_this<Connection> {
public:
    /// The socket must be non-blocking. `process_id`: of the peer; 0: not known.
    Connection(Socket socket, Door door, int process_id, Desk& desk);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    void start() { wait_for_request(); }
    void respond(Response response);
    /// Tells the desk when the peer closes before the answer is there.
    void watch_peer();
    /// Closes the connection when a limit has passed.
    void look(Moment now);
    /// Gives the socket away, for events.
    Stream take_stream();
    void close();
    [[nodiscard]] Door door() const { return door_; }
    [[nodiscard]] int process_id() const { return process_id_; }

private:
    using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

    void wait_for_request();
    void wait_readable();
    void read();
    void parse();
    void continue_body();
    void deliver();
    void refuse(const boost::beast::error_code& failure);
    void write(std::string text, bool keep);
    void written(bool keep);
    void allow(std::chrono::seconds time);

    Socket socket_;
    Door door_;
    int process_id_;
    Desk& desk_;
    boost::beast::flat_buffer buffer_;
    std::optional<Parser> parser_;
    std::string out_;
    Moment limit_ = Moment::max();
    bool in_body_ = false;
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
