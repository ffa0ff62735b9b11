#include "bin/countersignd/serve.h"

#include <CLI/CLI.hpp>
#include <array>
#include <iostream>
#include <memory>
#include <optional>

#include "api/api.h"
#include "api/machine.h"
#include "api/server.h"
#include "audit/files.h"
#include "audit/log.h"
#include "base/limits.h"
#include "base/log.h"
#include "bin/countersignd/configuration.h"
#include "crypto/keys.h"
#include "crypto/tokens.h"
#include "gate/gate.h"
#include "policy/policy.h"
#include "store/sqlite/sqlite_store.h"
#include "sys/confine.h"
#include "sys/files.h"
#include "sys/paths.h"
#include "sys/process.h"
#include "sys/real_clock.h"
#include "sys/real_random.h"

namespace countersign::bin {
namespace {

constexpr std::string_view kVersion = COUNTERSIGN_VERSION;

struct Directories {
    std::string state;
    std::string configuration;
    std::string runtime;
};

/// A file that is made with fresh content at the first start and read ever after.
template <class Make>
Result<std::string> read_or_make(const std::string& path, Make make) {
    auto text = sys::read_file(path, limits::kKeyFileBytesMax, sys::Links::Refuse);
    if (text.ok() || text.error().code != ErrorCode::NotFound) {
        return text;
    }
    const std::string fresh = make();
    TRY(sys::write_new_file(path, fresh, 0600));
    return fresh;
}

Result<crypto::SigningKey> log_key(const Directories& directories, Random& random) {
    const std::string file = TRY(read_or_make(directories.state + "/log.key", [&] {
        return crypto::SigningKey::generate(random).to_openssh("countersign log", random);
    }));
    return crypto::SigningKey::from_openssh(file);
}

Result<crypto::Digest> operator_token(const Directories& directories, Random& random) {
    std::string token = TRY(read_or_make(directories.state + "/operator.token", [&] {
        return crypto::make_token(crypto::kOperatorTokenPrefix, random) + "\n";
    }));
    while (!token.empty() && token.back() == '\n') {
        token.pop_back();
    }
    if (!crypto::token_well_formed(token, crypto::kOperatorTokenPrefix)) {
        return Error(ErrorCode::Corrupt, directories.state + "/operator.token holds no token",
                     "remove it; a new one is made at the next start");
    }
    return crypto::token_digest(token);
}

/// Never leaves the machine: whoever holds it can try candidates against the marks of secrets.
Result<std::string> redaction_key(const Directories& directories, Random& random) {
    const std::string path = directories.state + "/redaction.key";
    const std::string file = TRY(read_or_make(path, [&] {
        std::array<std::byte, crypto::kDigestBytes> bytes{};
        random.fill(bytes);
        return crypto::Digest{bytes}.hex() + "\n";
    }));
    const auto key = crypto::Digest::parse("sha256:" + file.substr(0, file.find('\n')));
    if (!key) {
        return Error(ErrorCode::Corrupt, path + " holds no key",
                     "remove it; a new one is made at the next start, and secrets that were "
                     "recorded before are then not recognised again");
    }
    return std::string(reinterpret_cast<const char*>(key->bytes.data()), key->bytes.size());
}

Result<Directories> make_directories() {
    Directories directories;
    directories.state = TRY(sys::state_directory());
    directories.configuration = TRY(sys::config_directory());
    directories.runtime = sys::runtime_directory();
    // A confined gateway sees later only what is below directories that are there now: the
    // policies that a person writes into a new one must be readable.
    if (auto made = sys::make_private_directory(directories.configuration + "/policies");
        !made.ok()) {
        log::info("policies added later need a restart: " + made.error().message);
    }
    TRY(sys::make_private_directory(directories.state));
    TRY(sys::make_private_directory(directories.runtime));
    return directories;
}

// From here on a mistake in reading what an agent sent cannot start a program, and cannot touch a
// file outside the gateway's own directories.
Result<void> confine(const Directories& directories) {
    using Use = sys::FileAccess::Use;
    auto restricted = sys::restrict_files({{directories.state, Use::Write},
                                           {directories.runtime, Use::Write},
                                           {directories.configuration, Use::Read},
                                           {"/proc", Use::Read}});
    if (!restricted.ok()) {
        if (restricted.error().code != ErrorCode::Unsupported) {
            return restricted.take_error();
        }
        log::warning("this kernel has no Landlock: the gateway's files are not confined");
    }
    return sys::forbid_program_starts();
}

/// Everything that lives as long as the gateway, in the order in which it is made.
struct House {
    Directories directories;
    sys::RealClock clock;
    sys::RealRandom random;
    api::RealMachine machine;
    std::optional<sys::FileLock> lock;
    Configuration configuration;
    std::unique_ptr<store::Store> store;
    std::unique_ptr<audit::Files> files;
    std::unique_ptr<audit::Log> log;
    std::optional<DirectoryPolicies> policy_files;
    // Shared with every evaluator that is made from it.
    std::shared_ptr<const policy::Policy> policy;
    crypto::Digest operator_token;
    std::string redaction_key;
    std::string user_name;
    std::unique_ptr<api::Server> server;
    std::unique_ptr<gate::Gate> gate;
};

Result<void> open_state(House& house) {
    // Before the process is confined: the password database is closed to it afterwards.
    house.user_name = sys::user_name();
    house.directories = TRY(make_directories());
    house.lock = TRY(sys::FileLock::acquire(house.directories.state + "/gateway.lock",
                                            sys::FileLock::Wait::Try));
    if (!house.lock) {
        return Error(ErrorCode::AlreadyExists, "another gateway uses " + house.directories.state);
    }
    house.configuration =
        TRY(read_configuration(house.directories.configuration, sys::host_name()));
    log::set_level(house.configuration.log_level);
    house.operator_token = TRY(operator_token(house.directories, house.random));
    house.redaction_key = TRY(redaction_key(house.directories, house.random));
    crypto::SigningKey key = TRY(log_key(house.directories, house.random));
    house.store = TRY(store::open_sqlite(house.directories.state + "/store.db"));
    house.files = audit::real_files();
    house.log = TRY(audit::Log::open(
        *house.files, house.clock, std::move(key),
        {house.directories.state + "/log", house.configuration.origin, 16 * 1024 * 1024}));
    const auto& found = house.log->found();
    log::info("audit log: " + std::to_string(found.records) + " records" +
              (found.cut_bytes > 0 ? ", a torn tail was cut" : ""));
    house.policy_files.emplace(house.directories.configuration + "/policies");
    policy::Policy policy = TRY(house.policy_files->load());
    house.policy = std::make_shared<const policy::Policy>(std::move(policy));
    return {};
}

Result<void> open_gate(House& house) {
    house.gate = TRY(gate::Gate::open(
        {*house.store, *house.files, *house.log, house.clock, house.random, house.machine,
         house.policy, house.directories.state, sys::host_name(), std::string(kVersion),
         house.configuration.digest, house.redaction_key, &*house.policy_files}));
    return {};
}

Result<void> open_sockets(House& house) {
    api::ServerOptions options;
    options.agent_socket = house.directories.runtime + "/agent.sock";
    options.operator_socket = house.directories.runtime + "/operator.sock";
    options.port = house.configuration.port;
    options.user_id = sys::user_id();
    house.server = TRY(api::Server::open(std::move(options)));
    return {};
}

Result<void> run(House& house) {
    TRY(open_state(house));
    TRY(open_sockets(house));
    TRY(confine(house.directories));
    TRY(open_gate(house));
    api::ApiOptions options;
    options.operator_token = house.operator_token;
    options.operator_name = house.user_name;
    options.process_id = sys::process_id();
    options.browser_hosts = house.server->browser_hosts();
    api::Api api(*house.gate, std::move(options));
    log::info("gateway " + std::string(kVersion) + " serves in " + house.directories.runtime +
              (house.server->port()
                   ? ", browsers on 127.0.0.1:" + std::to_string(*house.server->port())
                   : ""));
    const std::string reason = house.server->run(api);
    house.gate->stop(reason);
    log::info("stopped: " + reason);
    return {};
}

}  // namespace

int serve(const std::vector<std::string>& arguments) {
    CLI::App app("The Countersign gateway. It is started by `countersign` on first need.",
                 "countersignd");
    app.set_version_flag("--version", std::string(kVersion));
    app.footer(
        "countersignd judge check|parse|explain|policy judges without a gateway.\n"
        "Settings: countersignd.toml in the configuration directory.");
    try {
        // CLI11 wants them last first.
        app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::ParseError& error) {
        const int status = app.exit(error);
        return status == 0 ? 0 : 2;
    }
    sys::create_private_files();
    sys::forbid_inspection();
    House house;
    const Result<void> done = run(house);
    if (!done.ok()) {
        const Error& error = done.error();
        std::cerr << "countersignd: " << error.message
                  << (error.hint.empty() ? "" : " (hint: " + error.hint + ")") << "\n";
        return 1;
    }
    return 0;
}

}  // namespace countersign::bin
