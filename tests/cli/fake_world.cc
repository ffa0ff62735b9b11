#include "fake_world.h"

#include <algorithm>

#include "text/json.h"
#include "text/number.h"

namespace countersign::testing {
namespace {

constexpr std::size_t kJsonBytesMax = 1024 * 1024;

std::optional<ErrorCode> code_named(const std::string& name) {
    for (int i = 0; i <= static_cast<int>(ErrorCode::Internal); ++i) {
        if (name == error_code_name(static_cast<ErrorCode>(i))) {
            return static_cast<ErrorCode>(i);
        }
    }
    return std::nullopt;
}

}  // namespace

FakeConsole::FakeConsole(std::string input, const std::string& look) : input_(std::move(input)) {
    for (const std::string& word : split_words(look)) {
        look_.terminal = true;
        look_.colour = look_.colour || word == "colour";
        can_ask_ = can_ask_ || word == "ask";
        if (const auto width = text::parse_integer(word, 1, 1000)) {
            look_.width = static_cast<int>(*width);
        }
    }
    look_.utf8 = look.find("utf8") != std::string::npos;
}

Result<std::optional<std::string>> FakeConsole::read_line() {
    if (input_.empty()) {
        return std::optional<std::string>();
    }
    const auto end = std::min(input_.find('\n'), input_.size());
    std::string line = input_.substr(0, end);
    input_.erase(0, end + 1);
    return std::optional<std::string>(std::move(line));
}

FakeGateway::FakeGateway(std::vector<Exchange> exchanges) : exchanges_(std::move(exchanges)) {}

Result<boost::json::value> FakeGateway::answer(const std::string& method, const std::string& path) {
    // Repeated requests get the answers in order, and the last one from then on.
    std::optional<std::size_t> chosen;
    for (std::size_t i = 0; i < exchanges_.size(); ++i) {
        if (exchanges_[i].method == method && exchanges_[i].path == path) {
            chosen = i;
            if (!used_.contains(i)) {
                break;
            }
        }
    }
    if (!chosen) {
        return Error(ErrorCode::NotFound, "the case has no answer for " + method + " " + path);
    }
    used_.insert(*chosen);
    const Exchange& exchange = exchanges_[*chosen];
    if (!exchange.error.empty()) {
        return Error(code_named(exchange.error).value_or(ErrorCode::Internal), exchange.answer);
    }
    return text::parse_json(exchange.answer, kJsonBytesMax);
}

Result<boost::json::value> FakeGateway::get(std::string_view path) {
    return answer("get", std::string(path));
}

Result<boost::json::value> FakeGateway::post(std::string_view path,
                                             const boost::json::value& body) {
    sent_.push_back({std::string(path), body});
    return answer("post", std::string(path));
}

Result<model::SessionGrant> FakeGateway::open_session(const model::SessionRequest& /*request*/) {
    return Error(ErrorCode::Unsupported, "the fake opens no session");
}

Result<std::unique_ptr<cli::LiveEvents>> FakeGateway::events() {
    class Nothing final : public cli::LiveEvents {
    public:
        Result<std::optional<client::ServerEvent>> next(Duration /*limit*/) override {
            return std::optional<client::ServerEvent>();
        }
    };
    return std::unique_ptr<cli::LiveEvents>(std::make_unique<Nothing>());
}

std::vector<std::string> FakeGateway::unused() const {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < exchanges_.size(); ++i) {
        if (!used_.contains(i)) {
            out.push_back(exchanges_[i].method + " " + exchanges_[i].path);
        }
    }
    return out;
}

Instant FakeClock::now() {
    return parse_instant("2026-11-24T12:00:00.000000Z").value_or(Instant{});
}

void FakeRandom::fill(std::span<std::byte> out) {
    for (std::byte& byte : out) {
        byte = static_cast<std::byte>(next_++ & 0xFFU);
    }
}

FakeWorld::FakeWorld(const CliCase& given, std::string config)
    : console_(given.input, given.look), gateway_(given.exchanges), config_(std::move(config)) {}

Result<client::Locations> FakeWorld::locations() {
    client::Locations places;
    places.config_directory = config_;
    places.state_directory = config_ + "/state";
    places.agent_socket = config_ + "/agent.sock";
    places.operator_socket = config_ + "/operator.sock";
    places.operator_token_file = places.state_directory + "/operator.token";
    return places;
}

Result<std::unique_ptr<cli::Gateway>> FakeWorld::separate_gateway() {
    return Error(ErrorCode::Unsupported, "the fake has one connection");
}

Error FakeWorld::become_judge(std::span<const std::string> words) {
    judged_ = std::vector<std::string>(words.begin(), words.end());
    return Error(ErrorCode::Unsupported, "judged");
}

}  // namespace countersign::testing
