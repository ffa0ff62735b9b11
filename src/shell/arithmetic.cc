#include "shell/arithmetic.h"

#include <limits>

namespace countersign::shell {

namespace {

constexpr std::size_t kDepthMax = 64;

struct Operator {
    std::string_view text;
    int precedence;
};

// By precedence, lowest first: comma, assignment and ?: are handled apart.
constexpr Operator kBinary[] = {
    {"||", 1}, {"&&", 2},  {"<<", 8}, {">>", 8}, {"==", 6}, {"!=", 6}, {"<=", 7},
    {">=", 7}, {"**", 11}, {"|", 3},  {"^", 4},  {"&", 5},  {"<", 7},  {">", 7},
    {"+", 9},  {"-", 9},   {"*", 10}, {"/", 10}, {"%", 10},
};
constexpr std::string_view kAssignments[] = {
    "<<=", ">>=", "+=", "-=", "*=", "/=", "%=", "&=", "^=", "|=", "="};

using Number = std::optional<std::int64_t>;

std::int64_t wrap(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}

class Evaluator {
public:
    Evaluator(std::string_view text, ArithmeticVariables& variables, std::size_t depth,
              ArithmeticResult& result)
        : text_(text), variables_(variables), depth_(depth), result_(result) {}

    Number run() {
        skip();
        if (at_ == text_.size()) {
            return 0;
        }
        const Number value = comma();
        skip();
        if (at_ != text_.size()) {
            invalid();
        }
        return result_.invalid ? std::nullopt : value;
    }

private:
    void invalid() {
        result_.invalid = true;
        at_ = text_.size();
    }

    void skip() {
        while (at_ < text_.size() &&
               (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) {
            ++at_;
        }
    }

    bool take(std::string_view wanted) {
        skip();
        if (!text_.substr(at_).starts_with(wanted)) {
            return false;
        }
        at_ += wanted.size();
        return true;
    }

    struct Level {
        explicit Level(Evaluator& owner) : evaluator(owner) {
            if (++evaluator.depth_ > kDepthMax) {
                evaluator.invalid();
                evaluator.result_.may_execute = true;
            }
        }
        ~Level() { --evaluator.depth_; }
        Level(const Level&) = delete;
        Level& operator=(const Level&) = delete;
        Evaluator& evaluator;
    };

    Number comma() {
        const Level level(*this);
        Number value = assignment();
        while (!result_.invalid && take(",")) {
            value = assignment();
        }
        return value;
    }

    static bool name_char(char c, bool first) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        return letter || (!first && c >= '0' && c <= '9');
    }

    std::string name_at(std::size_t at) const {
        std::size_t end = at;
        while (end < text_.size() && name_char(text_[end], end == at)) {
            ++end;
        }
        return std::string(text_.substr(at, end - at));
    }

    Number assignment() {
        const Level level(*this);
        skip();
        const std::size_t start = at_;
        const std::string name = name_at(at_);
        if (!name.empty()) {
            at_ += name.size();
            for (const std::string_view op : kAssignments) {
                skip();
                if (!text_.substr(at_).starts_with(op) ||
                    (op == "=" && text_.substr(at_).starts_with("=="))) {
                    continue;
                }
                at_ += op.size();
                const Number old = op == "=" ? Number(0) : variable(name);
                const Number right = assignment();
                const Number value =
                    op == "=" ? right : apply(op.substr(0, op.size() - 1), old, right);
                if (!result_.invalid && !skipping_) {
                    variables_.write(name, value);
                }
                return value;
            }
            at_ = start;
        }
        return conditional();
    }

    Number conditional() {
        const Level level(*this);
        const Number test = binary(1);
        if (result_.invalid || !take("?")) {
            return test;
        }
        const bool outer = skipping_;
        if (!test) {
            result_.may_execute = true;
        }
        skipping_ = outer || (test && *test == 0);
        const Number yes = comma();
        if (!take(":")) {
            invalid();
            return std::nullopt;
        }
        skipping_ = outer || (test && *test != 0);
        const Number no = conditional();
        skipping_ = outer;
        return !test ? std::nullopt : *test != 0 ? yes : no;
    }

    /// The binary operator at the cursor with at least this precedence.
    const Operator* operator_here(int least) {
        skip();
        const std::string_view rest = text_.substr(at_);
        for (const Operator& op : kBinary) {
            if (!rest.starts_with(op.text)) {
                continue;
            }
            for (const std::string_view assignment : kAssignments) {
                if (assignment != "=" && rest.starts_with(assignment) &&
                    assignment.size() == op.text.size() + 1 && op.text != "<" && op.text != ">") {
                    return nullptr;
                }
            }
            return op.precedence >= least ? &op : nullptr;
        }
        return nullptr;
    }

    Number binary(int least) {
        const Level level(*this);
        Number left = unary();
        while (!result_.invalid) {
            const Operator* op = operator_here(least);
            if (op == nullptr) {
                return left;
            }
            at_ += op->text.size();
            const bool outer = skipping_;
            const bool lazy = op->text == "&&" || op->text == "||";
            if (lazy && left) {
                skipping_ = outer || ((*left != 0) == (op->text == "||"));
            } else if (lazy) {
                result_.may_execute = true;
            }
            const Number right = binary(op->text == "**" ? op->precedence : op->precedence + 1);
            skipping_ = outer;
            left = apply(op->text, left, right);
        }
        return std::nullopt;
    }

    Number unary() {
        const Level level(*this);
        skip();
        if (take("++") || take("--")) {
            const std::int64_t change = text_[at_ - 1] == '+' ? 1 : -1;
            skip();
            const std::string name = name_at(at_);
            if (name.empty()) {
                result_.may_execute = true;
                invalid();
                return std::nullopt;
            }
            at_ += name.size();
            return step(name, change, true);
        }
        if (take("!")) {
            const Number value = unary();
            return value ? Number(*value == 0 ? 1 : 0) : std::nullopt;
        }
        if (take("~")) {
            const Number value = unary();
            return value ? Number(~*value) : std::nullopt;
        }
        if (take("-")) {
            const Number value = unary();
            return value ? Number(wrap(0U - static_cast<std::uint64_t>(*value))) : std::nullopt;
        }
        if (take("+")) {
            return unary();
        }
        return primary();
    }

    Number step(const std::string& name, std::int64_t change, bool before) {
        const Number old = variable(name);
        const Number now = old ? Number(wrap(static_cast<std::uint64_t>(*old) +
                                             static_cast<std::uint64_t>(change)))
                               : std::nullopt;
        if (!skipping_) {
            variables_.write(name, now);
        }
        return before ? now : old;
    }

    Number primary() {
        skip();
        if (take("(")) {
            const Number value = comma();
            if (!take(")")) {
                invalid();
            }
            return value;
        }
        if (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
            return constant();
        }
        const std::string name = name_at(at_);
        if (name.empty()) {
            // Quotes, "$" and brackets that are left: bash's own business, not decided here.
            result_.may_execute = true;
            invalid();
            return std::nullopt;
        }
        at_ += name.size();
        skip();
        if (at_ < text_.size() && text_[at_] == '[') {
            result_.may_execute = true;
            invalid();
            return std::nullopt;
        }
        if (take("++") || take("--")) {
            return step(name, text_[at_ - 1] == '+' ? 1 : -1, false);
        }
        return variable(name);
    }

    Number variable(const std::string& name) {
        if (skipping_) {
            return 0;
        }
        const std::optional<std::string> text = variables_.read(name);
        if (!text) {
            result_.may_execute = result_.may_execute || !variables_.is_number(name);
            return std::nullopt;
        }
        const Level level(*this);
        if (result_.invalid) {
            return std::nullopt;
        }
        Evaluator inner(*text, variables_, depth_, result_);
        return inner.run();
    }

    static int digit(char c, std::int64_t base) {
        if (c >= '0' && c <= '9') {
            return c - '0';
        }
        if (c >= 'a' && c <= 'z') {
            return c - 'a' + 10;
        }
        if (c >= 'A' && c <= 'Z') {
            return c - 'A' + (base <= 36 ? 10 : 36);
        }
        return c == '@' ? 62 : c == '_' ? 63 : 99;
    }

    Number digits(std::int64_t base) {
        std::uint64_t value = 0;
        const std::size_t start = at_;
        while (at_ < text_.size() && (name_char(text_[at_], false) || text_[at_] == '@')) {
            const int d = digit(text_[at_], base);
            if (d >= base) {
                invalid();
                return std::nullopt;
            }
            value = value * static_cast<std::uint64_t>(base) + static_cast<std::uint64_t>(d);
            ++at_;
        }
        if (at_ == start && base != 8) {
            invalid();
            return std::nullopt;
        }
        return wrap(value);
    }

    Number constant() {
        if (text_[at_] == '0' && at_ + 1 < text_.size() &&
            (text_[at_ + 1] == 'x' || text_[at_ + 1] == 'X')) {
            at_ += 2;
            return digits(16);
        }
        if (text_[at_] == '0') {
            const std::size_t start = at_;
            std::size_t end = at_;
            while (end < text_.size() && text_[end] >= '0' && text_[end] <= '9') {
                ++end;
            }
            if (end < text_.size() && text_[end] == '#') {
                invalid();
                return std::nullopt;
            }
            at_ = start + 1;
            return digits(8);
        }
        std::int64_t base = 0;
        std::size_t end = at_;
        while (end < text_.size() && text_[end] >= '0' && text_[end] <= '9' && base < 1000) {
            base = base * 10 + (text_[end] - '0');
            ++end;
        }
        if (end < text_.size() && text_[end] == '#') {
            if (base < 2 || base > 64) {
                invalid();
                return std::nullopt;
            }
            at_ = end + 1;
            return digits(base);
        }
        return digits(10);
    }

    Number apply(std::string_view op, Number left, Number right) {
        if (!left || !right || result_.invalid) {
            return std::nullopt;
        }
        const std::int64_t a = *left;
        const std::int64_t b = *right;
        const auto ua = static_cast<std::uint64_t>(a);
        const auto ub = static_cast<std::uint64_t>(b);
        if (op == "/" || op == "%") {
            if (skipping_) {
                return 0;
            }
            if (b == 0) {
                invalid();
                return std::nullopt;
            }
            if (b == -1) {
                return op == "/" ? wrap(0U - ua) : 0;
            }
            return op == "/" ? a / b : a % b;
        }
        if (op == "**") {
            if (b < 0) {
                invalid();
                return std::nullopt;
            }
            std::uint64_t value = 1;
            std::uint64_t factor = ua;
            for (std::uint64_t n = ub; n != 0; n >>= 1U) {
                value *= (n & 1U) != 0 ? factor : 1;
                factor *= factor;
            }
            return wrap(value);
        }
        if (op == "+") {
            return wrap(ua + ub);
        }
        if (op == "-") {
            return wrap(ua - ub);
        }
        if (op == "*") {
            return wrap(ua * ub);
        }
        if (op == "<<" || op == ">>") {
            if (b < 0 || b > 63) {
                return std::nullopt;
            }
            return op == "<<" ? wrap(ua << ub) : a >> b;
        }
        return compare(op, a, b);
    }

    static Number compare(std::string_view op, std::int64_t a, std::int64_t b) {
        const auto truth = [](bool value) { return Number(value ? 1 : 0); };
        if (op == "&") {
            return a & b;
        }
        if (op == "|") {
            return a | b;
        }
        if (op == "^") {
            return a ^ b;
        }
        if (op == "&&") {
            return truth(a != 0 && b != 0);
        }
        if (op == "||") {
            return truth(a != 0 || b != 0);
        }
        if (op == "==") {
            return truth(a == b);
        }
        if (op == "!=") {
            return truth(a != b);
        }
        if (op == "<=") {
            return truth(a <= b);
        }
        if (op == ">=") {
            return truth(a >= b);
        }
        return truth(op == "<" ? a < b : a > b);
    }

    std::string_view text_;
    std::size_t at_ = 0;
    ArithmeticVariables& variables_;
    std::size_t depth_;
    ArithmeticResult& result_;
    bool skipping_ = false;
};

}  // namespace

ArithmeticResult evaluate_arithmetic(std::string_view expression, ArithmeticVariables& variables) {
    ArithmeticResult result;
    Evaluator evaluator(expression, variables, 0, result);
    result.value = evaluator.run();
    if (result.invalid) {
        result.value.reset();
    }
    return result;
}

}  // namespace countersign::shell
