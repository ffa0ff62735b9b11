#include "bin/countersignd/house.h"

#include <array>
#include <utility>

#include "api/api.h"
#include "base/limits.h"
#include "base/log.h"
#include "crypto/keys.h"
#include "crypto/tokens.h"
#include "store/sqlite/sqlite_store.h"
#include "sys/paths.h"
#include "sys/process.h"

namespace countersign::bin {
namespace {

constexpr std::string_view kVersion = COUNTERSIGN_VERSION;

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

}  // namespace

Result<void> House::open_state() {
    // Before the process is confined: the password database is closed to it afterwards.
    user_name_ = sys::user_name();
    directories_ = TRY(make_directories());
    lock_ =
        TRY(sys::FileLock::acquire(directories_.state + "/gateway.lock", sys::FileLock::Wait::Try));
    if (!lock_) {
        return Error(ErrorCode::AlreadyExists, "another gateway uses " + directories_.state);
    }
    configuration_ = TRY(read_configuration(directories_.configuration, sys::host_name()));
    log::set_level(configuration_.log_level);
    operator_token_ = TRY(operator_token(directories_, random_));
    redaction_key_ = TRY(redaction_key(directories_, random_));
    crypto::SigningKey key = TRY(log_key(directories_, random_));
    store_ = TRY(store::open_sqlite(directories_.state + "/store.db"));
    files_ = audit::real_files();
    log_ = TRY(
        audit::Log::open(*files_, clock_, std::move(key),
                         {directories_.state + "/log", configuration_.origin, 16 * 1024 * 1024}));
    const auto& found = log_->found();
    log::info("audit log: " + std::to_string(found.records) + " records" +
              (found.cut_bytes > 0 ? ", a torn tail was cut" : ""));
    policy_files_.emplace(directories_.configuration + "/policies");
    policy::Policy policy = TRY(policy_files_->load());
    policy_ = std::make_shared<const policy::Policy>(std::move(policy));
    return {};
}

Result<void> House::open_gate() {
    gate_ = TRY(gate::Gate::open({*store_, *files_, *log_, clock_, random_, machine_, policy_,
                                  directories_.state, sys::host_name(), std::string(kVersion),
                                  configuration_.digest, redaction_key_, &*policy_files_}));
    return {};
}

Result<void> House::open_sockets() {
    api::ServerOptions options;
    options.agent_socket = directories_.runtime + "/agent.sock";
    options.operator_socket = directories_.runtime + "/operator.sock";
    options.port = configuration_.port;
    options.user_id = sys::user_id();
    server_ = TRY(api::Server::open(std::move(options)));
    return {};
}

std::string House::serve() {
    api::ApiOptions options;
    options.operator_token = operator_token_;
    options.operator_name = user_name_;
    options.process_id = sys::process_id();
    options.browser_hosts = server_->browser_hosts();
    api::Api api(*gate_, std::move(options));
    log::info(
        "gateway " + std::string(kVersion) + " serves in " + directories_.runtime +
        (server_->port() ? ", browsers on 127.0.0.1:" + std::to_string(*server_->port()) : ""));
    std::string reason = server_->run(api);
    gate_->stop(reason);
    log::info("stopped: " + reason);
    return reason;
}

}  // namespace countersign::bin
