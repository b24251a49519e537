mkdir -p vendor/cache spec/fixtures lib
python3 ../../common/gem.py router 1.4.0 300000 vendor/cache
python3 ../../common/gem.py checker 2.0.1 2500000 vendor/cache
python3 ../../common/gem.py debugging 0.9.0 900000 vendor/cache
cat > Gemfile <<'G'
source "https://rubygems.org"

gem "router", "~> 1.4"

group :development, :test do
  gem "checker"
end

group :development do
  gem "debugging"
end
G
cat > Gemfile.lock <<'G'
GEM
  remote: https://rubygems.org/
  specs:
    checker (2.0.1)
    debugging (0.9.0)
    router (1.4.0)

PLATFORMS
  ruby

DEPENDENCIES
  checker
  debugging
  router (~> 1.4)

BUNDLED WITH
   2.3.15
G
printf 'require "router"\nrequire_relative "lib/posts"\nputs Router::VERSION, Posts::COUNT\n' > board.rb
printf 'module Posts\n  COUNT = 3\nend\n' > lib/posts.rb
printf 'require "checker"\n' > spec/posts_spec.rb
python3 ../../common/noise.py posts 400000 > spec/fixtures/posts.bin
