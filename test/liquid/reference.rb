# Renders one JSON object a line, {"template", "data"}, with Debian's ruby-liquid: what
# test_differential.py compares with.
require "json"
require "liquid"

ENV["TZ"] = "UTC"
Encoding.default_external = Encoding::UTF_8
STDOUT.set_encoding(Encoding::UTF_8)

# 5.4 prints Ruby's own inspect of maps and lists; so do we.
STDIN.each_line do |line|
  test = JSON.parse(line)
  begin
    template = Liquid::Template.parse(test["template"], error_mode: :strict)
    template.resource_limits.render_score_limit = 200_000
    puts JSON.generate({ "ok" => true, "output" => template.render(test["data"]) })
  rescue Liquid::Error => e
    puts JSON.generate({ "ok" => false, "error" => e.message })
  rescue StandardError, SystemStackError => e
    puts JSON.generate({ "crash" => e.class.name })
  end
  STDOUT.flush
end
