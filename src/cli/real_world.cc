#include "cli/real_world.h"

#include <algorithm>
#include <boost/json.hpp>
#include <condition_variable>
#include <mutex>

#include "base/limits.h"
#include "sys/files.h"
#include "sys/paths.h"
#include "sys/process.h"
#include "sys/real_clock.h"
#include "sys/real_random.h"
#include "sys/terminal.h"
#include "sys/unix_socket.h"

namespace countersign::cli {
namespace {

constexpr int kStandardInput = 0;
constexpr int kStandardOutput = 1;
constexpr int kStandardError = 2;
/// Results are written in pieces of this size, at a pause, and at the end.
constexpr std::size_t kOutputPiece = 64 * 1024;

bool utf8_locale() {
    for (const std::string_view name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        const auto value = sys::environment(name);
        if (value && !value->empty()) {
            std::string lower = *value;
            std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
                return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
            });
            return lower.find("utf-8") != std::string::npos ||
                   lower.find("utf8") != std::string::npos;
        }
    }
    return false;
}

Look look_of(int descriptor) {
    Look look;
    look.terminal = sys::is_terminal(descriptor);
    const auto no_color = sys::environment("NO_COLOR");
    look.colour = look.terminal && (!no_color || no_color->empty());
    look.utf8 = utf8_locale();
    if (const auto size = sys::terminal_size(descriptor)) {
        look.width = size->columns;
    }
    return look;
}

class RealConsole final : public Console {
public:
    RealConsole() : out_look_(look_of(kStandardOutput)), err_look_(look_of(kStandardError)) {}

    void out(std::string_view text) override {
        waiting_ += text;
        if (waiting_.size() >= kOutputPiece) {
            flush();
        }
    }
    void err(std::string_view text) override {
        flush();
        // Nobody can be told when standard error itself is gone.
        static_cast<void>(sys::write_all(kStandardError, text).ok());
    }
    [[nodiscard]] const Look& out_look() const override { return out_look_; }
    [[nodiscard]] const Look& err_look() const override { return err_look_; }
    [[nodiscard]] bool can_ask() const override { return sys::is_terminal(kStandardInput); }

    void discard_input() override {
        if (!can_ask()) {
            return;
        }
        typed_.clear();
        for (int i = 0; i < 64; ++i) {
            const auto ready = sys::wait_readable(kStandardInput, Duration::zero());
            if (!ready.ok() || !*ready || !read_more().ok()) {
                break;
            }
        }
        typed_.clear();
    }

    Result<std::optional<std::string>> read_line() override {
        flush();
        while (typed_.find('\n') == std::string::npos) {
            if (typed_.size() > limits::kCommentBytesMax) {
                typed_.clear();
                return Error(ErrorCode::LimitExceeded, "the line is too long");
            }
            const bool more = TRY(read_more());
            if (!more) {
                std::string rest = std::exchange(typed_, {});
                return rest.empty() ? std::optional<std::string>() : std::optional(rest);
            }
        }
        const auto end = typed_.find('\n');
        std::string line = typed_.substr(0, end);
        typed_.erase(0, end + 1);
        return std::optional<std::string>(std::move(line));
    }

    Result<void> finish() override {
        flush();
        return failed_ ? Result<void>(Error(ErrorCode::Io, "results could not be written"))
                       : Result<void>();
    }

    void flush() {
        if (!waiting_.empty()) {
            failed_ = !sys::write_all(kStandardOutput, waiting_).ok() || failed_;
            waiting_.clear();
        }
    }

private:
    /// False at the end of input.
    Result<bool> read_more() {
        const std::string bytes = TRY(sys::read_some(kStandardInput, limits::kCommentBytesMax));
        typed_ += bytes;
        return !bytes.empty();
    }

    Look out_look_;
    Look err_look_;
    std::string waiting_;
    std::string typed_;
    bool failed_ = false;
};

class RealEvents final : public LiveEvents {
public:
    explicit RealEvents(client::EventStream stream) : stream_(std::move(stream)) {}
    Result<std::optional<client::ServerEvent>> next(Duration limit) override {
        return stream_.next(limit);
    }

private:
    client::EventStream stream_;
};

class RealGateway final : public Gateway {
public:
    explicit RealGateway(client::OperatorClient client) : client_(std::move(client)) {}

    Result<boost::json::value> get(std::string_view path) override { return client_.get(path); }
    Result<boost::json::value> post(std::string_view path,
                                    const boost::json::value& body) override {
        return client_.post(path, body);
    }
    Result<model::SessionGrant> open_session(const model::SessionRequest& request) override {
        return client_.open_session(request);
    }
    Result<std::unique_ptr<LiveEvents>> events() override {
        client::EventStream stream = TRY(client_.events());
        return std::unique_ptr<LiveEvents>(std::make_unique<RealEvents>(std::move(stream)));
    }

private:
    client::OperatorClient client_;
};

class RealWorld final : public World {
public:
    Console& console() override {
        if (!console_) {
            console_.emplace();
        }
        return *console_;
    }
    Clock& clock() override { return clock_; }
    Random& random() override { return random_; }

    [[nodiscard]] const Person& person() const override {
        if (!person_) {
            auto home = sys::home_directory();
            auto directory = sys::current_directory();
            person_ =
                Person{sys::user_name(), sys::host_name(), home.ok() ? home.take() : std::string(),
                       directory.ok() ? directory.take() : std::string("/")};
        }
        return *person_;
    }

    Result<client::Locations> locations() override { return client::locations(); }

    [[nodiscard]] bool inside_session() const override {
        const auto token = sys::environment("COUNTERSIGN_SESSION");
        return token && !token->empty();
    }

    Result<Gateway*> gateway() override {
        if (!gateway_) {
            const client::Locations places = TRY(outside());
            TRY(client::ensure_gateway(places));
            client::OperatorClient opened = TRY(client::OperatorClient::open(places));
            gateway_.emplace(std::move(opened));
        }
        return static_cast<Gateway*>(&*gateway_);
    }

    Result<Gateway*> running_gateway() override {
        const client::Locations places = TRY(outside());
        client::OperatorClient opened = TRY(client::OperatorClient::open(places));
        // Opening only reads the token; whether somebody answers shows the first request.
        [[maybe_unused]] const auto done = TRY(opened.get("/v1/status", std::chrono::seconds(5)));
        gateway_.emplace(std::move(opened));
        return static_cast<Gateway*>(&*gateway_);
    }

    Result<std::unique_ptr<Gateway>> separate_gateway() override {
        const client::Locations places = TRY(outside());
        client::OperatorClient opened = TRY(client::OperatorClient::open(places));
        return std::unique_ptr<Gateway>(std::make_unique<RealGateway>(std::move(opened)));
    }

    Error become_judge(std::span<const std::string> words) override {
        auto own = sys::own_executable();
        if (!own.ok()) {
            return own.take_error();
        }
        const std::string sibling = own->substr(0, own->rfind('/') + 1) + "countersignd";
        std::vector<std::string> argv = {sibling, "judge"};
        argv.insert(argv.end(), words.begin(), words.end());
        return sys::replace_program(argv);
    }

    bool pause(Duration span) override {
        if (console_) {
            console_->flush();
        }
        // Nobody notifies: this only lets time pass, and Ctrl-C ends it.
        std::mutex mutex;
        std::unique_lock lock(mutex);
        std::condition_variable never;
        never.wait_for(lock, span);
        return true;
    }

private:
    /// People's side does not work from inside an agent's session: the jail hides what it needs,
    /// and a clear word is better than a missing file.
    Result<client::Locations> outside() {
        if (inside_session()) {
            return Error(ErrorCode::PermissionDenied,
                         "this runs inside an agent's session; people decide outside of it",
                         "if a person must know, say so in your answer to them");
        }
        return client::locations();
    }

    sys::RealClock clock_;
    sys::RealRandom random_;
    std::optional<RealConsole> console_;
    mutable std::optional<Person> person_;
    std::optional<RealGateway> gateway_;
};

}  // namespace

std::unique_ptr<World> real_world() {
    return std::make_unique<RealWorld>();
}

}  // namespace countersign::cli
