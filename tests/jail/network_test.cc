// The network gate: what the tree connects to is decided by name, made by the supervisor, and what
// is not made by it leads nowhere. Everything happens on this machine's loopback.
#include <arpa/inet.h>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include "house.h"
#include "jail/endpoint.h"
#include "jail/names.h"
#include "jail/supervisor.h"
#include "sys/files.h"
#include "sys/paths.h"
#include "sys/unix_socket.h"

namespace countersign::jail {
namespace {

using client::ActionState;
using testing::FakeGateway;
using testing::victims_directory;

constexpr int kPrevented = 42;

/// A server of the machine, outside of any jail: greets and counts.
class Server {
public:
    explicit Server(int type = SOCK_STREAM) : socket_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
        EXPECT_EQ(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
        port_ = ntohs(address.sin_port);
        if (type == SOCK_STREAM) {
            EXPECT_EQ(::listen(socket_.get(), 128), 0);
        }
        thread_ = std::thread([this, type] { serve(type); });
    }
    ~Server() {
        stop_ = true;
        ::shutdown(socket_.get(), SHUT_RDWR);
        thread_.join();
    }
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;
    [[nodiscard]] std::string port() const { return std::to_string(port_); }
    [[nodiscard]] int visits() const { return visits_; }

private:
    void serve(int type) {
        while (!stop_) {
            pollfd entry{socket_.get(), POLLIN, 0};
            if (::poll(&entry, 1, 20) <= 0) {
                continue;
            }
            if (type == SOCK_DGRAM) {
                char byte = 0;
                visits_ += ::recv(socket_.get(), &byte, 1, MSG_DONTWAIT) >= 0 ? 1 : 0;
                continue;
            }
            const sys::Fd guest(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (guest) {
                ++visits_;
                ::send(guest.get(), "hello\n", 6, MSG_NOSIGNAL);
            }
        }
    }

    sys::Fd socket_;
    int port_ = 0;
    std::atomic<bool> stop_ = false;
    std::atomic<int> visits_ = 0;
    std::thread thread_;
};

class NetworkTest : public testing::House {
protected:
    void SetUp() override {
        House::SetUp();
        ASSERT_TRUE(sys::make_directories(base_ + "/start").ok());
    }

    int run(FakeGateway& gateway, std::vector<std::string> argv) {
        return House::run(gateway, options(std::move(argv))).exit_code;
    }
    int bash(FakeGateway& gateway, const std::string& text) {
        return run(gateway, {"bash", "-c", text});
    }
    /// Starts are allowed; connections as `leave` says about "HOST:PORT".
    static FakeGateway::Judge connections(std::function<bool(const std::string&)> leave) {
        return [leave = std::move(leave)](const model::ActionRequest& request) {
            constexpr std::string_view kScheme = "tcp://";
            const std::string& target = request.action.target;
            const bool connects = request.action.kind == model::ActionKind::Http;
            return !connects || leave(target.substr(std::min(kScheme.size(), target.size())))
                       ? ActionState::Granted
                       : ActionState::Denied;
        };
    }
    static std::vector<std::string> asked(const FakeGateway& gateway) {
        std::vector<std::string> out;
        for (const auto& one : gateway.asked()) {
            if (one.request.action.kind == model::ActionKind::Http) {
                out.push_back(one.request.action.name + " " + one.request.action.target);
            }
        }
        return out;
    }
    int victim(const std::string& name, FakeGateway& gateway, std::vector<std::string> words) {
        const sys::Fd from(::openat(victims_directory(), name.c_str(), O_RDONLY | O_CLOEXEC));
        const auto content = sys::read_to_end(from, 64 << 20);
        EXPECT_TRUE(content.ok()) << name;
        EXPECT_TRUE(sys::write_new_file(workspace_ + "/" + name, content.value(), 0755).ok());
        ::chmod((workspace_ + "/" + name).c_str(), 0755);
        words.insert(words.begin(), "./" + name);
        return run(gateway, std::move(words));
    }
    std::string output(const std::string& name = "out") const {
        auto text = sys::read_file(workspace_ + "/" + name, 1 << 20);
        return text.ok() ? text.value() : "(none)";
    }
};

constexpr const char* kGreet = "exec 3<>/dev/tcp/127.0.0.1/$1 && read -r x <&3 && echo $x >> out";

TEST_F(NetworkTest, ADestinationIsAnActionOfItsOwnAndAskedOnce) {
    const Server server;
    FakeGateway gateway(connections([](const auto&) { return true; }));
    bash(gateway,
         "f() { " + std::string(kGreet) + "; }; f " + server.port() + "; f " + server.port());
    EXPECT_EQ(output(), "hello\nhello\n");
    EXPECT_EQ(asked(gateway), std::vector<std::string>{"CONNECT tcp://127.0.0.1:" + server.port()});
    EXPECT_EQ(server.visits(), 2);
    bool reported = false;
    for (const auto& one : gateway.reported()) {
        reported =
            reported || one.outcome.hosts == std::vector<std::string>{"127.0.0.1:" + server.port()};
    }
    EXPECT_TRUE(reported);
}

TEST_F(NetworkTest, ADeniedConnectionFailsAndTheAgentReadsWhy) {
    const Server server;
    FakeGateway gateway(connections([](const auto&) { return false; }));
    bash(gateway, "f() { " + std::string(kGreet) + "; }; f " + server.port() + " 2> why");
    EXPECT_EQ(output(), "(none)");
    EXPECT_EQ(server.visits(), 0);
    EXPECT_NE(output("why").find("countersign: denied: connection to 127.0.0.1"), std::string::npos)
        << output("why");
    EXPECT_NE(output("why").find("Permission denied"), std::string::npos);
}

TEST_F(NetworkTest, ManyAtOnceAreOneQuestion) {
    const Server server;
    FakeGateway gateway(connections([](const auto&) { return true; }));
    bash(gateway, "f() { " + std::string(kGreet) + "; }; for i in 1 2 3 4 5 6 7 8; do f " +
                      server.port() + " & done; wait");
    EXPECT_EQ(asked(gateway).size(), 1U);
    EXPECT_EQ(server.visits(), 8);
}

TEST_F(NetworkTest, LoopbackInsideIsTheTreesOwn) {
    FakeGateway gateway(connections([](const auto&) { return false; }));
    EXPECT_EQ(
        run(gateway,
            {"python3", "-c",
             "import socket,threading\n"
             "for family,host in ((socket.AF_INET,'127.0.0.1'),(socket.AF_INET6,'::1')):\n"
             "  s=socket.create_server((host,0),family=family)\n"
             "  t=threading.Thread(target=lambda:s.accept()[0].sendall(b'in'));t.start()\n"
             "  assert socket.create_connection(s.getsockname()[:2]).recv(2)==b'in';t.join()\n"
             "u=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);u.bind(('127.0.0.1',0))\n"
             "c=socket.socket(socket.AF_INET,socket.SOCK_DGRAM);c.connect(u.getsockname())\n"
             "c.send(b'x');assert u.recv(1)==b'x'\n"
             "s=socket.socket(socket.AF_UNIX);s.bind('sock');s.listen()\n"
             "c=socket.socket(socket.AF_UNIX);c.connect('sock');s.accept()[0].sendall(b'u')\n"
             "assert c.recv(1)==b'u'\n"
             "s=socket.socket(socket.AF_UNIX);s.bind('\\0abs');s.listen()\n"
             "c=socket.socket(socket.AF_UNIX);c.connect('\\0abs')\n"}),
        0);
    EXPECT_TRUE(asked(gateway).empty());
}

TEST_F(NetworkTest, EventLoopsWork) {
    const Server server;
    FakeGateway gateway(connections([](const auto&) { return true; }));
    EXPECT_EQ(
        run(gateway, {"python3", "-c",
                      "import asyncio\n"
                      "async def one():\n"
                      "  r,w=await asyncio.open_connection('127.0.0.1'," +
                          server.port() +
                          ")\n"
                          "  assert await r.readline()==b'hello\\n'\n"
                          "async def all(): await asyncio.gather(*[one() for _ in range(20)])\n"
                          "asyncio.run(all())\n"}),
        0);
    EXPECT_EQ(asked(gateway).size(), 1U);
}

TEST_F(NetworkTest, NamesAreAskedForByNameAndNeverLookedUpBefore) {
    FakeGateway gateway(connections([](const auto&) { return false; }));
    bash(gateway,
         "getent ahostsv4 Some.Host.Invalid > out; exec 3<>/dev/tcp/some.host.invalid/443");
    EXPECT_EQ(output().substr(0, 7), "198.18.") << output();
    EXPECT_EQ(asked(gateway), std::vector<std::string>{"CONNECT tcp://some.host.invalid:443"});
}

TEST_F(NetworkTest, ANameThatDoesNotExistIsUnreachableAfterTheDecision) {
    FakeGateway gateway(connections([](const auto&) { return true; }));
    bash(gateway, "{ exec 3<>/dev/tcp/no.such.name.invalid/443; } 2> why");
    EXPECT_NE(output("why").find("No route to host"), std::string::npos) << output("why");
}

TEST_F(NetworkTest, connect_outside) {
    const Server server;
    FakeGateway gateway(connections([](const auto&) { return false; }));
    EXPECT_EQ(victim("connect_outside", gateway, {server.port()}), kPrevented);
    EXPECT_EQ(server.visits(), 0);
}

TEST_F(NetworkTest, mapped_address) {
    const Server server;
    FakeGateway gateway(connections([](const auto&) { return false; }));
    EXPECT_EQ(victim("mapped_address", gateway, {server.port()}), kPrevented);
    EXPECT_EQ(server.visits(), 0);
    EXPECT_EQ(asked(gateway).front(), "CONNECT tcp://127.0.0.1:" + server.port());
}

TEST_F(NetworkTest, udp_outside) {
    const Server server(SOCK_DGRAM);
    FakeGateway gateway(connections([](const auto&) { return true; }));
    EXPECT_EQ(victim("udp_outside", gateway, {server.port()}), kPrevented);
    EXPECT_EQ(server.visits(), 0);
}

TEST_F(NetworkTest, tcp_fastopen) {
    const Server server;
    FakeGateway gateway(connections([](const auto&) { return true; }));
    EXPECT_EQ(victim("tcp_fastopen", gateway, {server.port()}), kPrevented);
    EXPECT_EQ(server.visits(), 0);
}

TEST_F(NetworkTest, reuse_placed_socket) {
    const Server allowed;
    const Server other;
    FakeGateway gateway(
        connections([&](const auto& to) { return to == "127.0.0.1:" + allowed.port(); }));
    EXPECT_EQ(victim("reuse_placed_socket", gateway, {allowed.port(), other.port()}), kPrevented);
    EXPECT_EQ(allowed.visits(), 4);
    EXPECT_EQ(other.visits(), 0);
}

TEST_F(NetworkTest, race_connect) {
    const Server allowed;
    const Server other;
    FakeGateway gateway(
        connections([&](const auto& to) { return to == "127.0.0.1:" + allowed.port(); }));
    EXPECT_EQ(victim("race_connect", gateway, {allowed.port(), other.port()}), kPrevented);
    EXPECT_EQ(other.visits(), 0);
}

TEST_F(NetworkTest, dns_rebinding) {
    const Server server;
    FakeGateway gateway(
        connections([&](const auto& to) { return to == "127.1:" + server.port(); }));
    EXPECT_EQ(victim("dns_rebinding", gateway, {server.port()}), kPrevented);
    EXPECT_EQ(server.visits(), 0);
    EXPECT_EQ(asked(gateway),
              (std::vector<std::string>{"CONNECT tcp://127.1:" + server.port(),
                                        "CONNECT tcp://127.0.0.1:" + server.port()}));
}

TEST_F(NetworkTest, dns_tunnel) {
    FakeGateway gateway(connections([](const auto&) { return false; }));
    EXPECT_EQ(victim("dns_tunnel", gateway, {}), kPrevented);
    EXPECT_TRUE(asked(gateway).empty());
}

TEST_F(NetworkTest, unix_datagram) {
    FakeGateway gateway(connections([](const auto&) { return false; }));
    EXPECT_EQ(victim("unix_datagram", gateway, {}), kPrevented);
}

TEST_F(NetworkTest, raw_socket) {
    FakeGateway gateway(connections([](const auto&) { return false; }));
    EXPECT_EQ(victim("raw_socket", gateway, {}), kPrevented);
}

TEST_F(NetworkTest, listen_outside) {
    std::string port;
    {
        const Server free;
        port = free.port();
    }
    std::atomic<int> reached = 0;
    std::thread visitor([&] {
        while (!sys::file_status(workspace_ + "/ready").value().has_value()) {
            std::this_thread::yield();
        }
        const sys::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port =
            htons(static_cast<std::uint16_t>(std::strtoul(port.c_str(), nullptr, 10)));
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        reached +=
            ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0
                ? 1
                : 0;
        EXPECT_TRUE(sys::write_new_file(workspace_ + "/tried", "", 0644).ok());
    });
    FakeGateway gateway(connections([](const auto&) { return false; }));
    EXPECT_EQ(victim("listen_outside", gateway, {port}), kPrevented);
    visitor.join();
    EXPECT_EQ(reached, 0);
}

TEST_F(NetworkTest, connect_seen_socket) {
    const sys::Fd listener = sys::listen_unix(base_ + "/start/seen.sock", 0666).take();
    FakeGateway gateway(connections([](const auto&) { return true; }));
    for (const char* name : {"connect_seen_socket"}) {
        const sys::Fd from(::openat(victims_directory(), name, O_RDONLY | O_CLOEXEC));
        ASSERT_TRUE(sys::write_new_file(workspace_ + "/" + name,
                                        sys::read_to_end(from, 64 << 20).take(), 0755)
                        .ok());
        ::chmod((workspace_ + "/" + name).c_str(), 0755);
    }
    RunOptions with = options({workspace_ + "/connect_seen_socket", base_ + "/start/seen.sock"});
    with.directory = base_ + "/start";
    EXPECT_EQ(supervise(with, gateway.askers()).value().exit_code, kPrevented);
    with.weakenings = {Weakening::writable(base_ + "/start")};
    EXPECT_NE(supervise(with, gateway.askers()).value().exit_code, kPrevented)
        << "canary: in a place of the tree's own it is reached";
}

/// The victims escape where nothing gates: else they would prove nothing.
TEST_F(NetworkTest, CanariesEscapeWithLeaveOrWithoutTheGate) {
    const Server server;
    const Server other;
    FakeGateway gateway(connections([](const auto&) { return true; }));
    EXPECT_NE(victim("connect_outside", gateway, {server.port()}), kPrevented);
    EXPECT_NE(victim("mapped_address", gateway, {server.port()}), kPrevented);
    EXPECT_NE(victim("dns_rebinding", gateway, {server.port()}), kPrevented);
    const Server letters(SOCK_DGRAM);
    RunOptions open = options({"./udp_outside", letters.port()});
    open.weakenings = {Weakening::machine_network()};
    for (const std::string name : {"udp_outside", "tcp_fastopen", "unix_datagram"}) {
        (void)victim(name, gateway, {letters.port()});
    }
    const int before = letters.visits();
    (void)supervise(open, gateway.askers());
    open.argv = {"./tcp_fastopen", other.port()};
    EXPECT_NE(supervise(open, gateway.askers()).value().exit_code, kPrevented);
    open.argv = {"./unix_datagram"};
    EXPECT_NE(supervise(open, gateway.askers()).value().exit_code, kPrevented);
    for (int i = 0; i < 200 && letters.visits() == before; ++i) {
        ::poll(nullptr, 0, 10);
    }
    EXPECT_GT(letters.visits(), before);
}

TEST(Endpoints, AreClassedByWhereTheyLead) {
    const auto classed = [](const char* text) {
        sockaddr_storage address{};
        sockaddr_in6 six{};
        sockaddr_in four{};
        if (::inet_pton(AF_INET, text, &four.sin_addr) == 1) {
            four.sin_family = AF_INET;
            std::memcpy(&address, &four, sizeof four);
        } else {
            six.sin6_family = AF_INET6;
            EXPECT_EQ(::inet_pton(AF_INET6, text, &six.sin6_addr), 1) << text;
            std::memcpy(&address, &six, sizeof six);
        }
        return endpoint_of(address).host_class();
    };
    for (const char* text : {"127.0.0.1", "127.255.0.9", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1",
                             "64:ff9b::7f00:1", "2002:7f00:1::"}) {
        EXPECT_EQ(classed(text), HostClass::Loopback) << text;
    }
    for (const char* text : {"10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.1.1", "100.64.0.1",
                             "fd12::1", "fe80::1", "::ffff:10.0.0.1"}) {
        EXPECT_EQ(classed(text), HostClass::Private) << text;
    }
    for (const char* text :
         {"169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "100.100.100.200"}) {
        EXPECT_EQ(classed(text), HostClass::Metadata) << text;
    }
    for (const char* text : {"224.0.0.1", "255.255.255.255", "ff02::1", "0.1.2.3", "100::1"}) {
        EXPECT_EQ(classed(text), HostClass::Never) << text;
    }
    for (const char* text : {"8.8.8.8", "172.32.0.1", "2606:4700::1", "100.128.0.1"}) {
        EXPECT_EQ(classed(text), HostClass::Public) << text;
    }
    EXPECT_EQ(classed("198.18.1.1"), HostClass::Inside);
}

TEST(NameServerTest, AnswersNothingThatIsNoQuestion) {
    NameTable names;
    EXPECT_EQ(answer_query("", names), "");
    EXPECT_EQ(answer_query(std::string(12, '\xff'), names), "");
    const std::string header("\0\1\1\0\0\1\0\0\0\0\0\0", 12);
    EXPECT_EQ(answer_query(header, names)[3] & 0xf, 1) << "a format error";
    const std::string query = header + std::string("\1a\1b\0\0\1\0\1", 9);
    const std::string answer = answer_query(query, names);
    EXPECT_EQ(answer.size(), query.size() + 16);
    EXPECT_EQ(
        answer_query(header + std::string("\1A\1b\0\0\1\0\1", 9), names).substr(answer.size() - 4),
        answer.substr(answer.size() - 4));
    // Every prefix and every changed byte gives an answer or none, never more than the bound.
    for (std::size_t i = 0; i <= query.size(); ++i) {
        (void)answer_query(query.substr(0, i), names);
        for (int byte = 0; byte < 256 && i < query.size(); ++byte) {
            std::string changed = query;
            changed[i] = static_cast<char>(byte);
            EXPECT_LE(answer_query(changed, names).size(), 600U);
        }
    }
}

}  // namespace
}  // namespace countersign::jail

int main(int argc, char** argv) {
    return countersign::jail::testing::run_all(argc, argv);
}
