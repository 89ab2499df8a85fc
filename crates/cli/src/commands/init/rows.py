import json

for number in range(1, 4):
    print(json.dumps({"id": number, "name": f"item {number}", "tags": ["a", "b"]}))
