// Java 11 or newer: tell whether a delivery comes from Postgate.
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public final class Verify {
    private static final long TOLERANCE = 300; // seconds that the time-stamp may be off

    /**
     * Tell whether one of the signatures was made with one of the secrets, just now.
     *
     * @param body the raw bytes, as they came; never the JSON written anew
     * @param header looks a header up, for example request::getHeader; null when it was not sent
     * @param secrets whsec_…; two while one is being replaced
     */
    public static boolean verify(byte[] body, Function<String, String> header, List<String> secrets, Instant now)
            throws GeneralSecurityException {
        String id = header.apply("webhook-id");
        String stamp = header.apply("webhook-timestamp");
        String signatures = header.apply("webhook-signature");
        if (id == null || id.isEmpty() || stamp == null || signatures == null) return false;
        if (!stamp.matches("[0-9]{1,12}")) return false;
        if (Math.abs(now.getEpochSecond() - Long.parseLong(stamp)) > TOLERANCE) return false;
        for (String secret : secrets) {
            String encoded = secret.startsWith("whsec_") ? secret.substring(6) : secret;
            byte[] key = Base64.getDecoder().decode(encoded);
            if (key.length == 0) continue; // anybody could sign with an empty one
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            mac.update((id + "." + stamp + ".").getBytes(StandardCharsets.UTF_8));
            String expected = "v1," + Base64.getEncoder().encodeToString(mac.doFinal(body));
            for (String one : signatures.split(" ")) {
                if (MessageDigest.isEqual(utf8(one), utf8(expected))) return true;
            }
        }
        return false;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    // For trying it: each line of the input is a delivery, its parts with tabs between them.
    public static void main(String[] arguments) throws IOException, GeneralSecurityException {
        var lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] fields = line.split("\t", -1);
            var sent = Map.of("webhook-id", fields[1], "webhook-timestamp", fields[2], "webhook-signature", fields[3]);
            byte[] body = Base64.getDecoder().decode(fields[5]);
            Instant now = Instant.ofEpochSecond(Long.parseLong(fields[4]));
            System.out.println(verify(body, sent::get, List.of(fields[0].split(",")), now));
        }
    }
}
