# Ruby 3.0 or newer: tell whether a delivery comes from Postgate.
require "openssl"

TOLERANCE = 300 # seconds that the time-stamp may be off

# Tell whether one of the signatures was made with one of the secrets, just now.
#
# body: the raw bytes, as they came; never the JSON written anew.
# headers: by name in small letters.
# secrets: whsec_…; two while one is being replaced.
def verify(body, headers, secrets, now = Time.now.to_i)
  id = headers.fetch("webhook-id", "")
  stamp = headers.fetch("webhook-timestamp", "")
  return false if id.empty? || !stamp.match?(/\A[0-9]{1,12}\z/)
  return false if (now - stamp.to_i).abs > TOLERANCE

  signed = "#{id}.#{stamp}.".b + body.b
  given = headers.fetch("webhook-signature", "").split(" ")
  secrets.any? do |secret|
    key = secret.delete_prefix("whsec_").unpack1("m0")
    next if key.empty? # anybody could sign with an empty one

    expected = "v1," + [OpenSSL::HMAC.digest("SHA256", key, signed)].pack("m0")
    given.any? { |one| OpenSSL.secure_compare(one, expected) }
  end
end

# For trying it: each line of the input is a delivery, its parts with tabs between them.
if $PROGRAM_NAME == __FILE__
  $stdin.set_encoding(Encoding::UTF_8)
  $stdin.each_line(chomp: true) do |line|
    secrets, id, stamp, signature, now, body = line.split("\t", -1)
    sent = { "webhook-id" => id, "webhook-timestamp" => stamp, "webhook-signature" => signature }
    puts verify(body.unpack1("m0"), sent, secrets.split(","), now.to_i)
  end
end
