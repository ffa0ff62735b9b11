// What resolution knows about data: values of variables, fields of expanded words, and the shell's
// state with a journal, so that branches can be tried, taken back and joined in time proportional
// to what they changed.
//
// Values; a State belongs to one analysis and one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/command.h"
#include "shell/tree.h"

namespace countersign::shell {

/// One scalar as far as it is known.
struct Value {
    enum class Kind : std::uint8_t {
        Unset,
        Text,     ///< exactly `text`
        Glob,     ///< one file name that matches the pattern `text`
        Number,   ///< some integer; never splits (with the default IFS), never runs anything
        Unknown,  ///< `text` is the known start, `why` the reason
    };
    Kind kind = Kind::Unset;
    std::string text;
    std::string why;

    /// The reason does not count: two unknown values with one known start are the same knowledge.
    bool operator==(const Value& other) const { return kind == other.kind && text == other.text; }
    [[nodiscard]] bool is_text() const { return kind == Kind::Text; }
    [[nodiscard]] bool is_known() const { return kind == Kind::Text || kind == Kind::Unset; }

    static Value known(std::string text) { return {Kind::Text, std::move(text), {}}; }
    static Value number(std::string why) { return {Kind::Number, {}, std::move(why)}; }
    static Value unknown(std::string why) { return {Kind::Unknown, {}, std::move(why)}; }
};

/// The value of either of two paths.
Value join(const Value& a, const Value& b);

struct Variable {
    Value value;  ///< of a scalar; for an array: unused
    bool array = false;
    bool associative = false;
    bool elements_known = true;
    std::map<std::int64_t, Value> elements;
    bool exported = false;  ///< by this text
    bool assigned = false;  ///< by this text
    bool integer = false;
    bool nameref = false;
    bool recased = false;  ///< declare -u, -l, -c
    bool readonly = false;

    bool operator==(const Variable&) const = default;
};

struct Function {
    const Command* body = nullptr;
    std::string name;
    bool ambiguous = false;  ///< defined differently, or not at all, on some path
    bool operator==(const Function&) const = default;
};

/// The part of the state that is small enough to be journaled whole.
struct Core {
    std::optional<std::string> directory;
    /// The directory if the last cd failed; equal to `directory` otherwise.
    std::optional<std::string> directory_if_failed;
    bool alive = true;  ///< false: no path gets here
    bool stop_on_error = false;
    bool no_globs = false;
    bool exports_all = false;                              ///< set -a
    std::shared_ptr<const std::vector<Value>> positional;  // shared: copied for each call frame
    bool positional_known = true;
    /// Where `exec <file` moved the standard input of this shell; nullptr: nowhere.
    std::shared_ptr<const model::InputSource> moved_input;  // shared: copied for each branch

    bool operator==(const Core&) const = default;
};

class State {
public:
    explicit State(Core core) : core_(std::move(core)) {}

    /// nullptr: never assigned in this text and not given around it.
    [[nodiscard]] const Variable* variable(const std::string& name) const;
    void set_variable(const std::string& name, Variable value);
    void forget_variable(const std::string& name);
    [[nodiscard]] const Function* function(const std::string& name) const;
    void set_function(const std::string& name, Function function);
    void remove_function(const std::string& name);
    [[nodiscard]] const Core& core() const { return core_; }
    void set_core(Core core);
    /// Names of variables that the text exported, in order of name.
    [[nodiscard]] const std::map<std::string, std::size_t>& exported() const { return exported_; }
    [[nodiscard]] bool defines_functions() const { return !functions_.empty(); }

    using Mark = std::size_t;
    [[nodiscard]] Mark mark() const { return journal_.size(); }
    /// Whether anything set this variable since `mark`, be it to the same value.
    [[nodiscard]] bool touched_since(Mark mark, const std::string& name) const;
    /// Takes back everything since `mark`.
    void roll_back(Mark mark);
    /// After code that may or may not have run: joins what it left with what was there before.
    void join_with_before(Mark mark);

    /// Remembers, until the frame is popped, every value that anything had: code that may be left
    /// anywhere (break, return) leaves any of them. Taking back does not make them forgotten.
    void push_frame() { frames_.emplace_back(); }
    enum class FrameEnd { Keep, JoinAll };
    void pop_frame(FrameEnd end);
    /// The same for what a trap may see: from its first setting to the end of its shell.
    void push_shell() { shells_.emplace_back(); }
    void pop_shell() { shells_.pop_back(); }
    void start_trap_history();
    [[nodiscard]] bool has_trap_history() const { return shells_.back().has_value(); }
    void apply_trap_history();

    struct Delta {
        std::unordered_map<std::string, std::optional<Variable>> variables;
        std::unordered_map<std::string, std::optional<Function>> functions;
        Core core;
    };
    /// What changed since `mark`.
    [[nodiscard]] Delta delta_since(Mark mark) const;
    /// The same, and takes it back.
    Delta take_delta(Mark mark);
    static Delta unchanged(Core core);
    /// Whether join_with_before(mark) would leave anything other than what was before.
    [[nodiscard]] bool changes_on_join(Mark mark) const;
    /// Joins alternatives, exactly one of which ran.
    void join_alternatives(const std::vector<Delta>& alternatives);

private:
    struct Change {
        enum class Kind : std::uint8_t { Variable, Function, Core } kind = Kind::Core;
        std::string name;
        std::optional<Variable> variable;
        std::optional<Function> function;
        Core core;
    };
    struct History {
        std::unordered_map<std::string, std::optional<Variable>> variables;
        std::unordered_map<std::string, std::optional<Function>> functions;
        std::optional<Core> core;
    };
    static void remember(History& history, const Change& change, const State& state);
    void record(Change change);
    void apply(const History& history);
    void put_variable(const std::string& name, std::optional<Variable> value);
    void put_function(const std::string& name, std::optional<Function> value);

    std::unordered_map<std::string, Variable> variables_;
    std::unordered_map<std::string, Function> functions_;
    std::map<std::string, std::size_t> exported_;
    Core core_;
    std::vector<Change> journal_;
    std::vector<History> frames_;
    std::vector<std::optional<History>> shells_ = std::vector<std::optional<History>>(1);
};

}  // namespace countersign::shell
