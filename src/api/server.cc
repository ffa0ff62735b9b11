#include "api/server.h"

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <list>
#include <set>
#include <utility>

#include "api/connection.h"
#include "base/limits.h"
#include "base/log.h"
#include "sys/files.h"
#include "sys/unix_socket.h"

namespace countersign::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Local = asio::local::stream_protocol;
using Tcp = asio::ip::tcp;
using LocalAcceptor = Local::acceptor;
using TcpAcceptor = Tcp::acceptor;
using GenericSocket = Stream::socket_type;

constexpr std::array<std::size_t, 3> kSharePerDoor = {kAgentConnectionsMax, kPeopleConnectionsMax,
                                                      kBrowserConnectionsMax};
static_assert(kAgentConnectionsMax + kPeopleConnectionsMax + kBrowserConnectionsMax <=
              limits::kConnectionsMax);

/// Without work tick() is due this often, to find what ran out.
constexpr Duration kIdleTick = std::chrono::seconds(5);
/// After a failed accept (no descriptors left) the next try waits.
constexpr std::chrono::milliseconds kAcceptPause(100);

Result<sys::PeerCredentials> credentials_of(GenericSocket& socket) {
    sys::Fd borrowed(socket.native_handle());
    auto credentials = sys::peer_credentials(borrowed);
    // Still the socket's: not ours to close.
    static_cast<void>(borrowed.release());
    return credentials;
}

}  // namespace

class Server::Impl final : public Desk {
public:
    explicit Impl(ServerOptions options)
        : options_(std::move(options)),
          agents_(context_),
          people_(context_),
          browsers_(context_),
          tick_(context_),
          look_(context_),
          signals_(context_) {}

    Result<void> bind();
    std::string run(Api& api);
    void stop();
    void await_signal();
    [[nodiscard]] std::optional<std::uint16_t> port() const { return port_; }

    void request(const std::shared_ptr<Connection>& connection, const Request& request) override;
    void unfit(const Connection& connection, const Error& error) override {
        const Door door = connection.door();
        api_->note_unfit(door, caller_at(door, connection.process_id()), error);
    }
    void gone(const std::shared_ptr<Connection>& connection) override;
    void closed(Connection& connection) override {
        connections_.erase(&connection);
        --connected_[static_cast<std::size_t>(connection.door())];
    }

private:
    /// An answer that waits for the gate to settle, or for an action to end.
    struct Waiting {
        std::shared_ptr<Connection> connection;
        Reply reply;
        std::unique_ptr<asio::steady_timer> timer;
        bool done = false;  ///< answered or given up; its timer's handler may still come
    };
    // Shared with the handler of its timer, which may be queued when the waiter ends otherwise.
    using Waiter = std::shared_ptr<Waiting>;

    Result<void> bind_local(LocalAcceptor& acceptor, const std::string& path);
    void bind_browser(std::uint16_t port);
    template <class Acceptor>
    void accept(Acceptor& acceptor, Door door);
    void admit(GenericSocket socket, Door door);
    void look();
    void flush();
    void answer(const Waiting& waiting);
    void wait_longer(Waiting waiting);
    void wake_waiters();
    void open_stream(const std::shared_ptr<Connection>& connection);
    void pass_events();
    [[nodiscard]] bool still_open(const std::string& action) const;
    void schedule_tick();
    void tick();
    void finish(std::string reason);

    ServerOptions options_;
    // Before the context, whose end destroys the handlers that hold the last connections.
    std::array<std::size_t, 3> connected_{};
    std::set<Connection*> connections_;  ///< alive ones
    asio::io_context context_{1};
    LocalAcceptor agents_;
    LocalAcceptor people_;
    TcpAcceptor browsers_;
    asio::steady_timer tick_;
    asio::steady_timer look_;
    asio::signal_set signals_;
    std::optional<std::uint16_t> port_;
    Api* api_ = nullptr;
    bool looking_ = false;
    std::vector<Waiting> batch_;
    bool flush_posted_ = false;
    bool flushing_ = false;
    std::list<Waiter> waiters_;
    std::vector<std::shared_ptr<EventStream>> streams_;
    Duration next_tick_{};
    bool stopping_ = false;
    std::string reason_;
};

Result<void> Server::Impl::bind_local(LocalAcceptor& acceptor, const std::string& path) {
    sys::Fd listener = TRY(sys::listen_unix(path, 0600));
    beast::error_code failure;
    acceptor.assign(Local(), listener.get(), failure);
    if (failure) {
        return Error(ErrorCode::Io, path + ": " + failure.message());
    }
    static_cast<void>(listener.release());
    acceptor.non_blocking(true, failure);
    return {};
}

// Loopback by address, never by name: what "localhost" resolves to is not ours to say.
void Server::Impl::bind_browser(std::uint16_t port) {
    const Tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
    beast::error_code failure;
    browsers_.open(endpoint.protocol(), failure);
    if (!failure) {
        browsers_.set_option(asio::socket_base::reuse_address(true), failure);
        browsers_.bind(endpoint, failure);
    }
    if (!failure) {
        browsers_.listen(asio::socket_base::max_listen_connections, failure);
    }
    if (failure) {
        log::warning("no listener for browsers on port " + std::to_string(port) + ": " +
                     failure.message());
        beast::error_code ignored;
        browsers_.close(ignored);
        return;
    }
    port_ = browsers_.local_endpoint().port();
}

Result<void> Server::Impl::bind() {
    TRY(bind_local(people_, options_.operator_socket));
    TRY(bind_local(agents_, options_.agent_socket));
    if (options_.port) {
        bind_browser(*options_.port);
    }
    return {};
}

template <class Acceptor>
void Server::Impl::accept(Acceptor& acceptor, Door door) {
    acceptor.async_accept([this, &acceptor, door](const beast::error_code& failure, auto socket) {
        if (stopping_ || failure == asio::error::operation_aborted) {
            return;
        }
        if (!failure) {
            admit(GenericSocket(std::move(socket)), door);
            return accept(acceptor, door);
        }
        log::warning("a connection cannot be accepted: " + failure.message());
        auto pause = std::make_shared<asio::steady_timer>(context_, kAcceptPause);
        pause->async_wait(
            [this, pause, &acceptor, door](const beast::error_code&) { accept(acceptor, door); });
    });
}

void Server::Impl::admit(GenericSocket socket, Door door) {
    const auto index = static_cast<std::size_t>(door);
    if (connected_[index] >= kSharePerDoor[index]) {
        log::warning("a connection was closed: too many are open at its door");
        return;
    }
    int process_id = 0;
    if (door != Door::Browser) {
        const auto peer = credentials_of(socket);
        if (!peer.ok() || (peer->uid != options_.user_id && peer->uid != 0)) {
            log::warning("a connection of another user was closed");
            return;
        }
        process_id = peer->pid;
    }
    beast::error_code failure;
    const auto protocol = socket.local_endpoint(failure).protocol();
    Socket own(context_);
    const auto handle = socket.release(failure);
    if (!failure) {
        own.assign(protocol, handle, failure);
    }
    if (!failure) {
        own.non_blocking(true, failure);
    }
    if (failure) {
        log::warning("a connection cannot be taken: " + failure.message());
        return;
    }
    ++connected_[index];
    const auto connection = std::make_shared<Connection>(std::move(own), door, process_id, *this);
    connections_.insert(connection.get());
    connection->start();
    if (!looking_) {
        look();
    }
}

/// Once a second while anybody is connected.
void Server::Impl::look() {
    looking_ = !connections_.empty() && !stopping_;
    if (!looking_) {
        return;
    }
    // Closing may end a connection, and that changes the set.
    std::vector<std::shared_ptr<Connection>> alive;
    for (Connection* connection : connections_) {
        if (auto held = connection->weak_from_this().lock()) {
            alive.push_back(std::move(held));
        }
    }
    const Moment now = std::chrono::steady_clock::now();
    for (const auto& connection : alive) {
        connection->look(now);
    }
    look_.expires_after(kLookEvery);
    look_.async_wait([this](const beast::error_code& failure) {
        if (!failure) {
            look();
        }
    });
}

void Server::Impl::request(const std::shared_ptr<Connection>& connection, const Request& request) {
    batch_.push_back({connection, api_->handle(request), nullptr, false});
    if (flush_posted_) {
        return;
    }
    // An answer can bring up the next request of a peer that did not wait for it: that one is
    // flushed from the loop, or the stack would grow with what a peer sends.
    if (!flushing_ && !api_->gate().settles_to_disk()) {
        return flush();
    }
    // Behind every handler that is ready now, so that their requests share the way to the disk.
    flush_posted_ = true;
    asio::post(context_, [this] { flush(); });
}

void Server::Impl::flush() {
    flush_posted_ = false;
    flushing_ = true;
    api_->gate().settle();
    std::vector<Waiting> batch = std::exchange(batch_, {});
    for (Waiting& waiting : batch) {
        if (waiting.reply.stream) {
            open_stream(waiting.connection);
        } else if (waiting.reply.wait > Duration::zero() && still_open(waiting.reply.wait_action)) {
            wait_longer(std::move(waiting));
        } else {
            answer(waiting);
        }
    }
    wake_waiters();
    flushing_ = false;
    pass_events();
    schedule_tick();
}

void Server::Impl::answer(const Waiting& waiting) {
    waiting.connection->respond(waiting.reply.finish());
}

bool Server::Impl::still_open(const std::string& action) const {
    const gate::LiveAction* live = api_->gate().actions().actions().live(action);
    return live != nullptr && gate::is_open(live->entry.state);
}

void Server::Impl::wait_longer(Waiting waiting) {
    waiting.timer = std::make_unique<asio::steady_timer>(context_, waiting.reply.wait);
    const Waiter waiter = std::make_shared<Waiting>(std::move(waiting));
    waiter->connection->watch_peer();
    waiters_.push_back(waiter);
    waiter->timer->async_wait([this, waiter](const beast::error_code&) {
        if (!waiter->done) {
            waiter->done = true;
            waiters_.remove(waiter);
            answer(*waiter);
        }
    });
}

void Server::Impl::wake_waiters() {
    std::vector<Waiter> ended;
    for (const Waiter& waiter : waiters_) {
        if (!still_open(waiter->reply.wait_action)) {
            ended.push_back(waiter);
        }
    }
    for (const Waiter& waiter : ended) {
        waiter->done = true;
        waiter->timer->cancel();
        waiters_.remove(waiter);
        answer(*waiter);
    }
}

void Server::Impl::gone(const std::shared_ptr<Connection>& connection) {
    const auto at = std::find_if(waiters_.begin(), waiters_.end(), [&](const Waiter& waiter) {
        return waiter->connection == connection;
    });
    if (at != waiters_.end()) {
        (*at)->done = true;
        (*at)->timer->cancel();
        waiters_.erase(at);
    }
}

void Server::Impl::open_stream(const std::shared_ptr<Connection>& connection) {
    std::erase_if(streams_, [](const auto& stream) { return !stream->open(); });
    if (streams_.size() >= kStreamsMax) {
        return connection->close();
    }
    auto stream = std::make_shared<EventStream>(connection->take_stream());
    stream->start();
    streams_.push_back(std::move(stream));
    api_->gate().events().watch(true);
}

void Server::Impl::pass_events() {
    gate::Events& events = api_->gate().events();
    if (!events.watched()) {
        return;
    }
    for (const gate::Event& event : events.take()) {
        for (const auto& stream : streams_) {
            stream->send(event.type, event.data);
        }
    }
    std::erase_if(streams_, [](const auto& stream) { return !stream->open(); });
    events.watch(!streams_.empty());
}

void Server::Impl::schedule_tick() {
    gate::Gate& gate = api_->gate();
    Duration delay = gate.restless() ? gate::kTickEvery : kIdleTick;
    if (const auto expiry = gate.next_expiry()) {
        const Duration until = std::max(expiry->since(gate.clock().now()), Duration::zero());
        // A little late rather than early, or the loop would spin until the moment has come.
        delay = std::min(delay, until + std::chrono::milliseconds(1));
    }
    const Duration due = gate.clock().monotonic() + delay;
    if (next_tick_ > gate.clock().monotonic() && next_tick_ <= due) {
        return;
    }
    next_tick_ = due;
    tick_.expires_after(delay);
    tick_.async_wait([this](const beast::error_code& failure) {
        if (!failure && !stopping_) {
            tick();
        }
    });
}

void Server::Impl::tick() {
    next_tick_ = Duration::zero();
    api_->gate().tick();
    api_->tell_left_out(Due::WhenOver);
    wake_waiters();
    pass_events();
    schedule_tick();
}

std::string Server::Impl::run(Api& api) {
    api_ = &api;
    accept(people_, Door::People);
    accept(agents_, Door::Agent);
    if (port_) {
        accept(browsers_, Door::Browser);
    }
    signals_.add(SIGTERM);
    signals_.add(SIGINT);
    signals_.add(SIGHUP);
    await_signal();
    schedule_tick();
    context_.run();
    return reason_;
}

// SIGHUP reads the policy again, as for other servers; the others end the gateway.
void Server::Impl::await_signal() {
    signals_.async_wait([this](const beast::error_code& failure, int number) {
        if (failure) {
            return;
        }
        if (number != SIGHUP) {
            return finish(number == SIGTERM ? "SIGTERM" : "SIGINT");
        }
        const auto change = api_->gate().people().reload_policy("SIGHUP");
        log::info(change.ok() ? "policy in force: " + change->current
                              : "policy not read again: " + change.error().message);
        await_signal();
    });
}

void Server::Impl::stop() {
    asio::post(context_, [this] { finish("stop"); });
}

void Server::Impl::finish(std::string reason) {
    if (stopping_) {
        return;
    }
    stopping_ = true;
    reason_ = std::move(reason);
    beast::error_code ignored;
    people_.close(ignored);
    agents_.close(ignored);
    browsers_.close(ignored);
    signals_.cancel(ignored);
    tick_.cancel();
    look_.cancel();
    // A file that another gateway may have put there in the meantime is not ours to remove; it
    // could only have done so after nobody answered here any more, which is from now on.
    for (const std::string& path : {options_.operator_socket, options_.agent_socket}) {
        if (auto removed = sys::remove_file(path); !removed.ok()) {
            log::warning(removed.error().message);
        }
    }
    flush();
    for (const Waiter& waiter : waiters_) {
        waiter->done = true;
        waiter->timer->cancel();
        waiter->connection->close();
    }
    waiters_.clear();
    for (const auto& stream : streams_) {
        stream->close();
    }
    streams_.clear();
    api_->tell_left_out(Due::Now);
    context_.stop();
}

Server::Server(Private, std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::open(ServerOptions options) {
    auto impl = std::make_unique<Impl>(std::move(options));
    TRY(impl->bind());
    return std::make_unique<Server>(Private{}, std::move(impl));
}

std::optional<std::uint16_t> Server::port() const {
    return impl_->port();
}

std::vector<std::string> Server::browser_hosts() const {
    if (!impl_->port()) {
        return {};
    }
    const std::string port = ":" + std::to_string(*impl_->port());
    return {"127.0.0.1" + port, "localhost" + port};
}

std::string Server::run(Api& api) {
    return impl_->run(api);
}

void Server::stop() {
    impl_->stop();
}

}  // namespace countersign::api
