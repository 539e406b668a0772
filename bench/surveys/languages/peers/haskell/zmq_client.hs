-- REQ: sends each line of hex from standard input, and prints each reply as one.

import qualified Data.ByteString as B
import Data.Char (digitToInt, intToDigit)
import System.Environment (getArgs)
import System.IO
import System.ZMQ4

decode :: String -> [Int]
decode (high : low : rest) = 16 * digitToInt high + digitToInt low : decode rest
decode _ = []

encode :: Int -> String
encode byte = [intToDigit (byte `div` 16), intToDigit (byte `mod` 16)]

main :: IO ()
main = do
  [address] <- getArgs
  hSetBuffering stdout LineBuffering
  text <- getContents
  withContext $ \context ->
    withSocket context Req $ \socket -> do
      connect socket address
      mapM_ (ask socket) (lines text)
 where
  ask socket line = do
    send socket [] (B.pack (map fromIntegral (decode line)))
    reply <- receive socket
    putStrLn (concatMap (encode . fromIntegral) (B.unpack reply))
