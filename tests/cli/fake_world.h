// A World without a machine: answers from a table, a terminal made of strings, a clock that stands,
// randomness that counts. What a verb did stays readable afterwards.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "case_file.h"
#include "cli/world.h"

namespace countersign::testing {

class FakeConsole final : public cli::Console {
public:
    FakeConsole(std::string input, const std::string& look);

    void out(std::string_view text) override { out_ += text; }
    void err(std::string_view text) override { err_ += text; }
    [[nodiscard]] const cli::Look& out_look() const override { return look_; }
    [[nodiscard]] const cli::Look& err_look() const override { return look_; }
    [[nodiscard]] bool can_ask() const override { return can_ask_; }
    void discard_input() override {}
    Result<std::optional<std::string>> read_line() override;
    Result<void> finish() override { return {}; }

    [[nodiscard]] const std::string& out_text() const { return out_; }
    [[nodiscard]] const std::string& err_text() const { return err_; }

private:
    std::string input_;
    cli::Look look_;
    bool can_ask_ = false;
    std::string out_;
    std::string err_;
};

class FakeGateway final : public cli::Gateway {
public:
    explicit FakeGateway(std::vector<Exchange> exchanges);

    Result<boost::json::value> get(std::string_view path) override;
    Result<boost::json::value> post(std::string_view path, const boost::json::value& body) override;
    Result<model::SessionGrant> open_session(const model::SessionRequest& request) override;
    /// Nothing ever happens.
    Result<std::unique_ptr<cli::LiveEvents>> events() override;

    struct Sent {
        std::string path;
        boost::json::value body;
    };
    [[nodiscard]] const std::vector<Sent>& sent() const { return sent_; }
    /// Requests of the table that nobody made, "get /v1/status" each.
    [[nodiscard]] std::vector<std::string> unused() const;

private:
    Result<boost::json::value> answer(const std::string& method, const std::string& path);

    std::vector<Exchange> exchanges_;
    std::set<std::size_t> used_;
    std::vector<Sent> sent_;
};

class FakeClock final : public Clock {
public:
    Instant now() override;
    Duration monotonic() override { return std::chrono::seconds(1); }
};

class FakeRandom final : public Random {
public:
    void fill(std::span<std::byte> out) override;

private:
    unsigned next_ = 0;
};

class FakeWorld final : public cli::World {
public:
    /// `config` is a directory of the case's own.
    FakeWorld(const CliCase& given, std::string config);

    cli::Console& console() override { return console_; }
    Clock& clock() override { return clock_; }
    Random& random() override { return random_; }
    [[nodiscard]] const cli::Person& person() const override { return person_; }
    Result<client::Locations> locations() override;
    [[nodiscard]] bool inside_session() const override { return false; }
    Result<cli::Gateway*> gateway() override { return &gateway_; }
    Result<cli::Gateway*> running_gateway() override { return &gateway_; }
    Result<std::unique_ptr<cli::Gateway>> separate_gateway() override;
    Error become_judge(std::span<const std::string> words) override;
    bool pause(Duration /*span*/) override { return false; }

    FakeConsole& fake_console() { return console_; }
    FakeGateway& fake_gateway() { return gateway_; }
    [[nodiscard]] const std::optional<std::vector<std::string>>& judged() const { return judged_; }

private:
    FakeConsole console_;
    FakeGateway gateway_;
    FakeClock clock_;
    FakeRandom random_;
    cli::Person person_{"alice", "desk", "/home/alice", "/home/alice/work"};
    std::string config_;
    std::optional<std::vector<std::string>> judged_;
};

}  // namespace countersign::testing
