// Go 1.20 or newer: tell whether a delivery comes from Postgate.
package main

import (
	"bufio"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const tolerance = 300 // seconds that the time-stamp may be off

// Verify tells whether one of the signatures was made with one of the secrets, just now.
//
// body: the raw bytes, as they came; never the JSON written anew.
// header: looks a header up, for example r.Header.Get.
// secrets: whsec_…; two while one is being replaced.
func Verify(body []byte, header func(string) string, secrets []string, now time.Time) bool {
	id, stamp := header("webhook-id"), header("webhook-timestamp")
	seconds, err := strconv.ParseUint(stamp, 10, 40)
	if err != nil || id == "" {
		return false
	}
	if age := now.Unix() - int64(seconds); age > tolerance || -age > tolerance {
		return false
	}
	for _, secret := range secrets {
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
		if err != nil || len(key) == 0 {
			continue // anybody could sign with an empty one
		}
		digest := hmac.New(sha256.New, key)
		fmt.Fprintf(digest, "%s.%s.%s", id, stamp, body)
		expected := []byte("v1," + base64.StdEncoding.EncodeToString(digest.Sum(nil)))
		for _, given := range strings.Split(header("webhook-signature"), " ") {
			if hmac.Equal(expected, []byte(given)) {
				return true
			}
		}
	}
	return false
}

// For trying it: each line of the input is a delivery, its parts with tabs between them.
func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		header := func(name string) string {
			return map[string]string{
				"webhook-id": fields[1], "webhook-timestamp": fields[2], "webhook-signature": fields[3],
			}[name]
		}
		now, _ := strconv.ParseInt(fields[4], 10, 64)
		body, _ := base64.StdEncoding.DecodeString(fields[5])
		fmt.Println(Verify(body, header, strings.Split(fields[0], ","), time.Unix(now, 0)))
	}
}
