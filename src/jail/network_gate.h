// Decides the connections of the tree. The tree lives in a network namespace that has loopback and
// nothing else, so that what is not handed to it leads nowhere, whichever system call, address or
// protocol is tried. connect(2) is reported here and never let go on in the kernel:
//
//   inside the jail     made by the supervisor on the caller's own socket (one copy of the address
//                       is read and used, so nothing can be exchanged after the look)
//   a Unix socket       the same, on the inode that was found in the tree's view: only in places of
//                       the tree's own and the agent socket
//   outside, TCP        an action "CONNECT tcp://HOST:PORT" is asked for, remembered for the run;
//   then
//                       the supervisor connects a socket of its own and puts it in the place of the
//                       caller's (SECCOMP_IOCTL_NOTIF_ADDFD). It is connected by then: a socket of
//                       the outer network that is not would let its holder connect or listen.
//   outside, the rest   no route. A UDP socket could be pointed elsewhere by each sendto(2).
//
// Names come back from names.h and are looked up outside only after the decision; an address that
// is not public is asked for on its own, whatever name led to it (DNS rebinding).
//
// Thread safety: handle() is called from the gatekeeper's threads.
#pragma once

#include <condition_variable>
#include <functional>
#include <linux/seccomp.h>
#include <map>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "jail/asker.h"
#include "jail/endpoint.h"
#include "jail/jail.h"
#include "jail/names.h"
#include "jail/plan.h"
#include "jail/tree.h"
#include "sys/fd.h"

namespace countersign::jail {

class NetworkGate {
public:
    struct Settings {
        int listener = -1;  ///< not owned
        sys::Fd root;       ///< of the tree's view (O_PATH)
        std::vector<Plan::SocketPlace> socket_places;
        Network network = Network::Gated;
        model::Context context;      ///< what all actions of this run share
        NameTable* names = nullptr;  ///< not owned
        Tree* tree = nullptr;        ///< not owned
    };
    explicit NetworkGate(Settings settings);
    NetworkGate(const NetworkGate&) = delete;
    NetworkGate& operator=(const NetworkGate&) = delete;
    ~NetworkGate() = default;

    /// Asks the gateway, shows it, and waits for people while the caller lives.
    using Ask = std::function<Result<client::ActionAnswer>(const model::ActionRequest&)>;

    /// Answers one connect(2). Destinations that were decided already cost no question.
    void handle(const seccomp_notif& notification, Asker& asker, const Ask& ask) EXCLUDES(lock_);

private:
    /// One call, read once.
    struct Connect {
        const seccomp_notif* notification = nullptr;
        Caller caller;
        std::string address;
        sys::Fd socket;  ///< the caller's, as a descriptor of ours
        int type = 0;
        int protocol = 0;
        int domain = 0;
    };
    /// What is known about a destination. Pending: somebody asks right now.
    struct Known {
        enum class State { Pending, Granted, Denied } state = State::Pending;
        std::string action;
        std::string message;
        Duration until{};  ///< of Denied: asked again after it
    };
    enum class Leave { Granted, Denied, Gone };

    int read_connect(const seccomp_notif& notification, Connect& call) const;
    int to_internet(const Connect& call, Asker& asker, const Ask& ask);
    int to_outside(const Connect& call, const Endpoint& endpoint, Asker& asker, const Ask& ask);
    [[nodiscard]] int to_unix(const Connect& call) const;
    [[nodiscard]] int inside(const Connect& call) const;
    Leave leave(const Connect& call, const std::string& destination, const Ask& ask,
                std::string& action) EXCLUDES(lock_);
    Known decide(const Connect& call, const std::string& destination, const Ask& ask) const;
    [[nodiscard]] int connect_outside(const Connect& call, const Endpoint& endpoint) const;
    [[nodiscard]] int put_in_place(const Connect& call, const sys::Fd& connected) const;
    [[nodiscard]] int wait_connected(const Connect& call, int socket) const;
    [[nodiscard]] bool still_waits(const Connect& call) const;
    void answer(const seccomp_notif& notification, int error_number) const;

    Settings settings_;
    std::uint64_t outer_network_ = 0;
    Mutex lock_;
    std::condition_variable_any decided_;
    std::map<std::string, Known> known_ GUARDED_BY(lock_);
};

}  // namespace countersign::jail
