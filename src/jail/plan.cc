#include "jail/plan.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "sys/files.h"
#include "sys/paths.h"

namespace countersign::jail {
namespace {

using Kind = MountStep::Kind;

/// Directories that every tree gets empty. `options` are of tmpfs(5).
struct PrivatePlace {
    const char* path;
    const char* options;
    enum class Holds { Files, Sockets } holds;
};

constexpr std::array kPrivatePlaces = {
    PrivatePlace{"/tmp", "mode=1777", PrivatePlace::Holds::Files},
    PrivatePlace{"/var/tmp", "mode=1777", PrivatePlace::Holds::Files},
    PrivatePlace{"/run", "mode=755,size=64k", PrivatePlace::Holds::Sockets},
};

/// What of /run programs cannot do without: name resolution.
constexpr std::array kKeptInRun = {"/run/systemd/resolve", "/run/resolvconf",
                                   "/run/NetworkManager/resolv.conf"};

constexpr std::array kDevices = {"/dev/null", "/dev/zero",   "/dev/full",
                                 "/dev/tty",  "/dev/random", "/dev/urandom"};

/// Credentials below the home directory, and sockets and files of the system that give power.
constexpr std::array kSecretsInHome = {".ssh",
                                       ".gnupg",
                                       ".aws",
                                       ".azure",
                                       ".config/gcloud",
                                       ".config/gh",
                                       ".config/op",
                                       ".kube",
                                       ".docker",
                                       ".netrc",
                                       ".git-credentials",
                                       ".config/git/credentials",
                                       ".pypirc",
                                       ".vault-token",
                                       ".password-store",
                                       ".local/share/keyrings",
                                       ".mozilla",
                                       ".config/google-chrome",
                                       ".config/chromium",
                                       ".config/BraveSoftware",
                                       ".bash_history",
                                       ".zsh_history",
                                       ".psql_history",
                                       ".mysql_history",
                                       ".pgpass",
                                       ".my.cnf",
                                       ".terraform.d/credentials.tfrc.json",
                                       ".config/systemd/user"};
constexpr std::array kSecretsOfSystem = {"/etc/shadow",
                                         "/etc/shadow-",
                                         "/etc/gshadow",
                                         "/etc/gshadow-",
                                         "/etc/sudoers",
                                         "/etc/sudoers.d",
                                         "/etc/ssl/private",
                                         "/etc/ssh/ssh_host_rsa_key",
                                         "/etc/ssh/ssh_host_ecdsa_key",
                                         "/etc/ssh/ssh_host_ed25519_key",
                                         "/var/lib/lxd/unix.socket",
                                         "/var/snap/lxd/common/lxd/unix.socket",
                                         "/var/spool/cron"};
/// The gateway's own, hidden whatever else is asked for.
constexpr std::array kGatewayPlaces = {"/etc/countersign", "/var/lib/countersign"};

/// What a tree can read of the places that are made for it, whatever list it has.
constexpr std::array kMadePlaces = {"/proc", "/dev", "/run"};

bool exists(const std::string& path) {
    const auto status = sys::file_status(path, sys::Links::Follow);
    return status.ok() && status->has_value();
}

bool is_directory(const std::string& path) {
    const auto status = sys::file_status(path, sys::Links::Follow);
    return status.ok() && status->has_value() &&
           (**status).type == sys::FileStatus::Type::Directory;
}

/// Collects the steps; keeps the order of plan.h: grab, empty, put back, hide, put the socket back.
class Builder {
public:
    explicit Builder(const RunOptions& options) : options_(options) {}

    Result<Plan> build() {
        TRY(check());
        TRY(check_weakenings());
        add(Kind::Detach, "/");
        if (!options_.stage.empty()) {
            add(Kind::Overlay, workspace_, options_.stage);
        }
        collect_kept();
        grab({&workspace_like_});
        // Landlock knows nothing of modes, owners, times and attributes: an owner could change
        // those of files outside. What was grabbed before stays writable.
        add(Kind::Seal, "/");
        grab({&kept_in_run_, &sockets_, &shown_, &devices_});
        empty_private_places();
        make_devices();
        put(workspace_like_);
        put(kept_in_run_);
        TRY(hide());
        put(shown_);
        put(sockets_);
        cover_resolver();
        add(Kind::Proc, "/proc");
        add(Kind::ReadOnly, "/run", true);
        grant();
        return std::move(plan_);
    }

private:
    struct Kept {
        std::string path;
        int slot = -1;
        bool directory = true;
    };

    Result<void> check() {
        for (const std::string* path : {&options_.workspace, &options_.directory}) {
            if (!path->starts_with('/') || !is_directory(*path)) {
                return Error(ErrorCode::InvalidArgument, *path + ": not an absolute directory");
            }
        }
        workspace_ = TRY(sys::real_path(options_.workspace));
        if (workspace_ == "/") {
            return Error(ErrorCode::InvalidArgument, "the workspace may not be /",
                         "name a directory that the agent may change");
        }
        return {};
    }

    /// What is put back over the hidden must not bring the gateway's places back with it.
    Result<void> check_weakenings() {
        for (const Weakening& weakening : options_.weakenings) {
            const auto real = sys::real_path(weakening.path());
            if (weakening.kind() == Weakening::Kind::MachineNetwork || !real.ok()) {
                continue;
            }
            if (real.value() == "/") {
                return refused(weakening, "is the whole machine");
            }
            if (weakening.kind() == Weakening::Kind::Socket) {
                const auto status = sys::file_status(real.value(), sys::Links::Follow);
                if (!status.ok() || !status->has_value() ||
                    (**status).type != sys::FileStatus::Type::Socket) {
                    return refused(weakening, "is no socket");
                }
            }
            if (weakening.kind() != Weakening::Kind::Writable && touches_gateway(real.value())) {
                return refused(weakening, "leads to the gateway");
            }
            if (weakening.kind() == Weakening::Kind::Shown && !is_secret(real.value())) {
                return refused(weakening, "is none of the places that are hidden by default");
            }
        }
        return {};
    }
    static Error refused(const Weakening& weakening, const char* why) {
        return {ErrorCode::InvalidArgument, weakening.text() + ": " + why};
    }

    [[nodiscard]] bool touches_gateway(const std::string& path) const {
        const auto touches = [&](const std::string& place) {
            const auto real = sys::real_path(place);
            return real.ok() && (is_within(path, real.value()) || is_within(real.value(), path));
        };
        return std::any_of(options_.hidden.begin(), options_.hidden.end(), touches) ||
               std::any_of(kGatewayPlaces.begin(), kGatewayPlaces.end(), touches);
    }

    [[nodiscard]] bool is_secret(const std::string& path) const {
        const auto holds = [&](const std::string& secret) {
            const auto real = sys::real_path(secret);
            return real.ok() && is_within(path, real.value());
        };
        return std::any_of(kSecretsOfSystem.begin(), kSecretsOfSystem.end(), holds) ||
               (!options_.home.empty() &&
                std::any_of(kSecretsInHome.begin(), kSecretsInHome.end(),
                            [&](const char* below) { return holds(options_.home + "/" + below); }));
    }

    void add(Kind kind, std::string path, bool optional = false) {
        plan_.mounts.push_back({kind, std::move(path), "", -1, optional});
    }
    void add(Kind kind, std::string path, std::string source) {
        plan_.mounts.push_back({kind, std::move(path), std::move(source), -1, false});
    }

    /// Remembers something to be placed at its path again after what is above it was emptied.
    void keep(std::vector<Kept>& list, const std::string& path) {
        auto real = sys::real_path(path);
        if (!real.ok()) {
            return;
        }
        list.push_back({real.value(), plan_.slots++, is_directory(real.value())});
    }

    void collect_kept() {
        keep(workspace_like_, options_.workspace);
        if (!is_within(options_.directory, workspace_)) {
            keep(workspace_like_, options_.directory);
        }
        for (const Weakening& weakening : options_.weakenings) {
            if (weakening.kind() == Weakening::Kind::Writable) {
                keep(workspace_like_, weakening.path());
            }
            if (weakening.kind() == Weakening::Kind::Shown) {
                keep(shown_, weakening.path());
            }
            if (weakening.kind() == Weakening::Kind::Socket) {
                keep(sockets_, weakening.path());
            }
        }
        for (const char* path : kKeptInRun) {
            if (exists(path)) {
                keep(kept_in_run_, path);
            }
        }
        if (!options_.agent_socket.empty()) {
            keep(sockets_, options_.agent_socket);
        }
        for (const char* path : kDevices) {
            keep(devices_, path);
        }
    }

    void grab(std::initializer_list<const std::vector<Kept>*> lists) {
        for (const auto* list : lists) {
            for (const Kept& kept : *list) {
                plan_.mounts.push_back({Kind::Grab, kept.path, "", kept.slot, false});
            }
        }
    }

    void empty_private_places() {
        for (const PrivatePlace& place : kPrivatePlaces) {
            if (is_directory(place.path)) {
                add(Kind::Tmpfs, place.path,
                    place.holds == PrivatePlace::Holds::Files ? bounded(place.options)
                                                              : place.options);
                emptied_.emplace_back(place.path);
            }
        }
    }

    [[nodiscard]] std::string bounded(std::string mode) const {
        const std::uint64_t bytes = options_.limits.temporary_bytes;
        return bytes == 0 ? mode : mode + ",size=" + std::to_string(bytes);
    }

    void make_devices() {
        add(Kind::Tmpfs, "/dev", std::string("mode=755"));
        for (const Kept& device : devices_) {
            add(Kind::File, device.path);
            plan_.mounts.push_back({Kind::Put, device.path, "", device.slot, false});
        }
        add(Kind::Directory, "/dev/pts");
        add(Kind::Pts, "/dev/pts");
        add(Kind::Directory, "/dev/shm");
        add(Kind::Tmpfs, "/dev/shm", bounded("mode=1777"));
        add(Kind::Link, "/dev/ptmx", std::string("pts/ptmx"));
        add(Kind::Link, "/dev/fd", std::string("/proc/self/fd"));
        add(Kind::Link, "/dev/stdin", std::string("/proc/self/fd/0"));
        add(Kind::Link, "/dev/stdout", std::string("/proc/self/fd/1"));
        add(Kind::Link, "/dev/stderr", std::string("/proc/self/fd/2"));
    }

    /// Makes the directories above `path`, as far as the emptied place does not have them.
    void make_way(const std::string& path) {
        for (std::size_t at = path.find('/', 1); at != std::string::npos;
             at = path.find('/', at + 1)) {
            const std::string part = path.substr(0, at);
            const bool inside = std::any_of(emptied_.begin(), emptied_.end(), [&](const auto& e) {
                return part != e && is_within(part, e);
            });
            if (inside) {
                add(Kind::Directory, part);
            }
        }
    }

    void put(const std::vector<Kept>& list) {
        for (const Kept& kept : list) {
            make_way(kept.path);
            const bool emptied =
                std::any_of(emptied_.begin(), emptied_.end(), [&](const auto& place) {
                    return kept.path != place && is_within(kept.path, place);
                });
            if (emptied) {
                add(kept.directory ? Kind::Directory : Kind::File, kept.path);
            }
            plan_.mounts.push_back({Kind::Put, kept.path, "", kept.slot, false});
        }
    }

    /// One path away. Paths that do not exist need nothing.
    void hide_one(const std::string& path) {
        const auto real = sys::real_path(path);
        if (!real.ok() || real.value() == "/" || is_within(workspace_, real.value())) {
            return;
        }
        // The operator token lies in the state directory: hiding that has hidden it.
        if (std::any_of(hidden_.begin(), hidden_.end(),
                        [&](const std::string& place) { return is_within(real.value(), place); })) {
            return;
        }
        const bool gone_already =
            std::any_of(emptied_.begin(), emptied_.end(),
                        [&](const std::string& place) { return is_within(real.value(), place); });
        const bool shown_again =
            std::any_of(workspace_like_.begin(), workspace_like_.end(),
                        [&](const Kept& kept) { return is_within(real.value(), kept.path); });
        if (gone_already && !shown_again) {
            return;
        }
        if (is_directory(real.value())) {
            plan_.mounts.push_back({Kind::Tmpfs, real.value(), "mode=755,size=64k", -1, false});
            emptied_.push_back(real.value());
            hidden_.push_back(real.value());
        } else {
            add(Kind::Null, real.value());
        }
    }

    Result<void> hide() {
        for (const std::string& path : options_.hidden) {
            const auto real = sys::real_path(path);
            if (real.ok() && is_within(workspace_, real.value())) {
                return Error(ErrorCode::InvalidArgument,
                             workspace_ + ": lies inside " + path + ", which the agent may not see",
                             "choose another workspace");
            }
            hide_one(path);
        }
        const std::string runtime = sys::runtime_directory();
        hide_one(runtime.substr(0, std::max<std::size_t>(runtime.rfind('/'), 1)));
        for (const char* path : kSecretsOfSystem) {
            hide_one(path);
        }
        for (const char* path : kGatewayPlaces) {
            hide_one(path);
        }
        if (!options_.home.empty()) {
            for (const char* path : kSecretsInHome) {
                hide_one(options_.home + "/" + path);
            }
        }
        return {};
    }

    /// Names are asked of the jail's own resolver (names.h).
    void cover_resolver() {
        const auto real = sys::real_path("/etc/resolv.conf");
        if (has_machine_network(options_) || !real.ok()) {
            return;
        }
        add(Kind::Text, "/dev/resolv.conf", std::string("nameserver 127.0.0.1\n"));
        add(Kind::Cover, real.value(), std::string("/dev/resolv.conf"));
    }

    void grant() {
        for (const std::string& place : hidden_) {
            add(Kind::ReadOnly, place, true);
        }
        for (const Kept& kept : workspace_like_) {
            const bool only_directory = kept.path != workspace_ && is_start_directory(kept.path);
            if (only_directory) {
                // Below /tmp it would be writable with it.
                add(Kind::ReadOnly, kept.path);
            } else {
                plan_.writable.push_back(kept.path);
            }
        }
        for (const char* path : {"/tmp", "/var/tmp", "/dev/shm", "/dev/pts"}) {
            plan_.writable.emplace_back(path);
        }
        plan_.devices.assign(kDevices.begin(), kDevices.end());
        plan_.changeable = plan_.writable;
        grant_reading();
        using Access = Plan::SocketPlace::Access;
        for (const std::string& path : plan_.writable) {
            plan_.sockets.push_back({path, Access::Open});
        }
        for (const Kept& socket : sockets_) {
            plan_.sockets.push_back({socket.path, Access::Open});
        }
        for (const Kept& kept : workspace_like_) {
            if (kept.path != workspace_ && is_start_directory(kept.path)) {
                plan_.sockets.push_back({kept.path, Access::Closed});
            }
        }
    }

    void grant_reading() {
        if (options_.reading == Reading::Everything) {
            plan_.readable.emplace_back("/");
            return;
        }
        plan_.readable = options_.readable;
        plan_.readable.insert(plan_.readable.end(), kMadePlaces.begin(), kMadePlaces.end());
        for (const auto* list : {&workspace_like_, &shown_, &sockets_}) {
            for (const Kept& kept : *list) {
                plan_.readable.push_back(kept.path);
            }
        }
    }

    /// The start directory is shown, not made writable, unless it is listed.
    [[nodiscard]] bool is_start_directory(const std::string& path) const {
        const auto real = sys::real_path(options_.directory);
        const bool listed = std::any_of(options_.weakenings.begin(), options_.weakenings.end(),
                                        [&](const Weakening& weakening) {
                                            const auto other = sys::real_path(weakening.path());
                                            return weakening.kind() == Weakening::Kind::Writable &&
                                                   other.ok() && other.value() == path;
                                        });
        return real.ok() && real.value() == path && !listed;
    }

    const RunOptions& options_;
    Plan plan_;
    std::string workspace_;
    std::vector<Kept> workspace_like_;
    std::vector<Kept> kept_in_run_;
    std::vector<Kept> sockets_;
    std::vector<Kept> shown_;
    std::vector<Kept> devices_;
    std::vector<std::string> emptied_;
    std::vector<std::string> hidden_;
};

}  // namespace

bool has_machine_network(const RunOptions& options) {
    return std::any_of(options.weakenings.begin(), options.weakenings.end(),
                       [](const Weakening& weakening) {
                           return weakening.kind() == Weakening::Kind::MachineNetwork;
                       });
}

bool is_within(std::string_view path, std::string_view parent) {
    if (parent == "/") {
        return path.starts_with('/');
    }
    return path.starts_with(parent) && (path.size() == parent.size() || path[parent.size()] == '/');
}

Result<Plan> make_plan(const RunOptions& options) {
    return Builder(options).build();
}

}  // namespace countersign::jail
