// A gateway for tests of the client that answers with bytes it is told, in pieces, or not at all.
// One thread; ends with the object. What it received can be read after stop().
#pragma once

#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "sys/fd.h"
#include "sys/files.h"
#include "sys/paths.h"
#include "sys/unix_socket.h"

namespace countersign::client {

class FakeServer {
public:
    /// What is done with each connection in turn, once a request's header has come.
    using Script = std::function<void(const sys::Fd& connection)>;

    explicit FakeServer(std::vector<Script> scripts)
        : directory_(
              sys::make_temporary_directory(sys::temporary_directory(), "client-test-").take()),
          listener_(sys::listen_unix(path(), 0600).take()),
          thread_([this, scripts = std::move(scripts)] { serve(scripts); }) {}
    ~FakeServer() { stop(); }
    FakeServer(const FakeServer&) = delete;
    FakeServer& operator=(const FakeServer&) = delete;

    [[nodiscard]] std::string path() const { return directory_ + "/agent.sock"; }
    /// Waits until all scripts have run.
    void stop() {
        if (thread_.joinable()) {
            thread_.join();
            (void)sys::remove_tree(directory_);
        }
    }
    [[nodiscard]] const std::string& received() const { return received_; }

    /// Answers with these bytes and closes.
    static Script says(std::string bytes) {
        return [bytes = std::move(bytes)](const sys::Fd& connection) {
            (void)sys::send_all(connection, bytes, std::chrono::seconds(5));
        };
    }

private:
    void serve(const std::vector<Script>& scripts) {
        for (const Script& script : scripts) {
            const auto connection = sys::accept_connection(listener_);
            if (!connection.ok()) {
                return;
            }
            std::string request;
            while (request.find("\r\n\r\n") == std::string::npos) {
                const auto more = sys::receive_some(*connection, request, std::chrono::seconds(5));
                if (!more.ok() || !*more) {
                    break;
                }
            }
            received_ += request;
            script(*connection);
        }
    }

    std::string directory_;
    sys::Fd listener_;
    std::string received_;
    std::thread thread_;
};

}  // namespace countersign::client
